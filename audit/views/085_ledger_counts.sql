-- One row a column and outcome: what the last finished migration counted, and what the turns hold that nobody touched
-- since.
--   outcome    known | unknown | malformed
--   complete   every turn it counted is still there untouched, so that both numbers must be equal
CREATE VIEW ledger_counts AS
WITH run AS (
    SELECT migration_id, state, started_ms, high_rowid, CASE WHEN json_valid(counts_json) THEN counts_json END AS counts
    FROM ledger WHERE step = 'migration' AND state IN ('completed', 'completed_with_residue')
    ORDER BY started_ms DESC LIMIT 1
), said AS (
    SELECT run.migration_id, run.started_ms, column_name, outcome,
        whole_number(json_extract_string(counts, '$.rows')) AS row_count,
        CASE outcome
            WHEN 'known' THEN whole_number(json_extract_string(counts, '$.' || column_name || '.filled'))
                + whole_number(json_extract_string(counts, '$.' || column_name || '.kept'))
            ELSE whole_number(json_extract_string(counts, '$.' || column_name || '.' || outcome)) END AS counted
    FROM run, (VALUES /*each column by ", "*/('{column}')/*end column*/) c (column_name),
        (VALUES ('known'), ('unknown'), ('malformed')) o (outcome)
), held AS (
    SELECT column_name,
        CASE WHEN value <> '' THEN 'known' WHEN metadata_status = 'malformed' THEN 'malformed'
             ELSE 'unknown' END AS outcome,
        count(*) AS turns
    FROM attributions, run
    WHERE created_ms < run.started_ms AND updated_ms < run.started_ms
        AND coalesce(run.high_rowid = 0 OR row_id <= run.high_rowid, true)
    GROUP BY ALL
)
SELECT said.migration_id, said.column_name, said.outcome, counted, coalesce(held.turns, 0) AS found, row_count,
    sum(coalesce(held.turns, 0)) OVER (PARTITION BY said.column_name) = row_count AS complete
FROM said LEFT JOIN held USING (column_name, outcome);
