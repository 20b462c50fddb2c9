-- One row a payload text of the baseline that a migration had to convert, with what became of it; none if they had been
-- converted before the baseline was taken.
CREATE VIEW converted_texts AS
SELECT texts.row_id, texts.turn_ref,
    CASE WHEN quarantined.row_id IS NOT NULL THEN 'put in quarantine'
         WHEN snapshots.turn_ref IS NOT NULL THEN 'converted to a snapshot'
         WHEN turns.turn_ref IS NOT NULL THEN 'converted to a turn without blocks' ELSE 'left out' END AS rule
FROM baseline_texts texts
LEFT JOIN (SELECT DISTINCT row_id FROM quarantined_texts) quarantined ON quarantined.row_id = texts.row_id
LEFT JOIN snapshots ON snapshots.turn_ref = texts.turn_ref AND snapshots.phase = texts.phase
    AND snapshots.snapshot_ms = texts.snapshot_ms
LEFT JOIN (SELECT DISTINCT turn_ref FROM turns) turns ON turns.turn_ref = texts.turn_ref
WHERE NOT EXISTS (SELECT 1 FROM baseline_ledger WHERE step = 'convert' AND starts_with(state, 'completed'));

-- One row a column and rule by which cells of turns are other than in the baseline, and how many.
--   sure   only the migration can have changed them: the turn was there, and nobody has saved it since
CREATE TABLE changed_cells AS
WITH aged AS (
    SELECT e.*, t.turn_ref IS NOT NULL AS from_text,
        (t.turn_ref IS NOT NULL AND era = 'before')
        OR (in_baseline AND (updated_ms IS NOT DISTINCT FROM baseline_updated_ms
            OR (coalesce(baseline_updated_ms, 0) <= 0 AND updated_ms = created_ms
                AND created_ms = baseline_created_ms))) AS sure
    FROM turn_evidence e
    LEFT JOIN (SELECT DISTINCT turn_ref FROM converted_texts) t ON t.turn_ref = e.turn_ref
)
SELECT 'updated_at_ms' AS column_name, 'repaired from turn_created_at_ms' AS rule,
    in_baseline AND NOT from_text AND updated_ms = created_ms
    AND created_ms = baseline_created_ms AS sure, count(*) AS cells
FROM aged
WHERE coalesce(updated_ms, 0) > 0 AND coalesce(baseline_updated_ms, 0) <= 0 AND (in_baseline OR NOT from_text)
GROUP BY ALL
/*each column*/
UNION ALL
SELECT '{column}', CASE WHEN {word}_kind = '' THEN 'filled without evidence' ELSE 'filled from ' || {word}_kind END,
    sure, count(*)
FROM aged WHERE baseline_{word} = '' AND {column} <> '' GROUP BY ALL
UNION ALL
SELECT '{column}', 'given the default instead of NULL', sure, count(*)
FROM aged t JOIN baseline_turns b ON b.conv_id = t.conv_id AND b.session_id = t.session_id AND b.turn_id = t.turn_id
WHERE b.{column} IS NULL AND t.{column} IS NOT NULL GROUP BY ALL
/*end column*/
;

-- One row a change as a ledger states it.
--   role     turns | baseline: in whose ledger
--   speaks   it counts for the run: a run that has ended speaks for its steps, until then they speak for themselves
CREATE VIEW stated_cells AS
WITH records AS (
    SELECT 'turns' AS role, * FROM ledger UNION ALL SELECT 'baseline', * FROM baseline_ledger
), spoken AS (
    SELECT r.role, r.migration_id, r.step, CASE WHEN json_valid(r.counts_json) THEN r.counts_json END AS counts,
        (r.step = 'migration') = starts_with(run.state, 'completed') AS speaks
    FROM records r
    JOIN records run ON run.role = r.role AND run.migration_id = r.migration_id AND run.step = 'migration'
), listed AS (
    SELECT role, migration_id, step, speaks,
        unnest(from_json(json_extract(counts, '$.changes'),
            '[{"table":"VARCHAR","column":"VARCHAR","rule":"VARCHAR","cells":"VARCHAR"}]')) AS change
    FROM spoken WHERE json_type(counts, '$.changes') = 'ARRAY'
)
SELECT role, migration_id, step, speaks, coalesce(change."table", '') AS table_name,
    coalesce(change."column", '') AS column_name,
    coalesce(change.rule, '') AS rule, coalesce(whole_number(change.cells), 0) AS cells
FROM listed;

-- One row a run since the baseline, or of all if there is none, whose ledger was written before changes were stated.
CREATE VIEW silent_runs AS
SELECT migration_id FROM ledger
WHERE step = 'migration'
    AND coalesce(upper(json_type(CASE WHEN json_valid(counts_json) THEN counts_json END, '$.changes')), '') <> 'ARRAY'
    AND NOT EXISTS (
        SELECT 1 FROM baseline_ledger b
        WHERE b.migration_id = ledger.migration_id AND b.step = 'migration' AND starts_with(b.state, 'completed'));

-- One row a column and rule: what the ledger states of the time since the baseline (of all time without one), and what
-- is found.
--   found, possible   cells that only the migration can have changed, and with them those of turns that somebody saved
--                     or deleted since; NULL without a baseline
--   is_comparable     something counts the cells that this rule has changed
CREATE VIEW change_statement AS
WITH given AS (
    SELECT EXISTS (SELECT 1 FROM table_columns WHERE role = 'baseline') AS baseline,
        greatest(
            (SELECT count(*) FROM baseline_turns) - (SELECT count(*) FROM turn_evidence WHERE in_baseline),
            -- A retention that went over the baseline as well.
            (SELECT coalesce(max(whole_number(json_extract_string(counts_json, '$.rows'))), 0) FROM ledger
             WHERE step = 'migration' AND json_valid(counts_json)) - (SELECT count(*) FROM turn_evidence)) AS gone,
        -- What came between the baseline and a rebuild was given defaults as well.
        (SELECT count(*) FROM turn_evidence WHERE NOT in_baseline) AS come
), declared AS (
    -- Each text may have changed a cell of a turn, and of each of its blocks, which another changed again.
    SELECT table_name, column_name, rule, cells,
        CASE WHEN rule = 'rewritten from a payload text' THEN possible * (SELECT count(*) FROM baseline_texts)
        ELSE possible END AS possible
    FROM declared_changes
    WHERE NOT (table_name = 'turns' AND column_name IN (/*each column by ", "*/'{column}'/*end column*/)
        AND rule = 'given the default instead of NULL')
), found AS (
    SELECT 'turns' AS table_name, column_name, rule, sum(cells) FILTER (WHERE sure) AS found FROM changed_cells
    GROUP BY ALL
    UNION ALL
    SELECT 'turn_snapshots_legacy', 'payload', rule, count(*) FROM converted_texts GROUP BY ALL
    UNION ALL
    SELECT 'turns', 'turn_id', 'made from a payload text', count(DISTINCT t.turn_ref)
    FROM converted_texts t JOIN turn_evidence e ON e.turn_ref = t.turn_ref WHERE NOT in_baseline
    UNION ALL
    SELECT table_name, column_name, rule, cells FROM declared
), doubtful AS (
    SELECT column_name, starts_with(rule, 'given') AS given_default, sum(cells) AS cells FROM changed_cells
    WHERE NOT sure GROUP BY ALL
), stated AS (
    SELECT table_name, column_name, rule, sum(CASE role WHEN 'turns' THEN cells ELSE -cells END) AS stated
    FROM stated_cells WHERE speaks GROUP BY ALL
)
SELECT coalesce(s.table_name, f.table_name) AS table_name, coalesce(s.column_name, f.column_name) AS column_name,
    coalesce(s.rule, f.rule) AS rule,
    CAST(coalesce(s.stated, 0) AS BIGINT) AS stated,
    CASE WHEN baseline THEN CAST(coalesce(f.found, 0) AS BIGINT) END AS found,
    CASE WHEN baseline THEN CAST(coalesce(f.found, 0) + CASE
        WHEN c.rule IS NOT NULL THEN c.possible - c.cells
        WHEN starts_with(coalesce(s.rule, f.rule), 'filled') OR coalesce(s.column_name, f.column_name) = 'updated_at_ms'
            THEN coalesce(d.cells, 0) + greatest(gone, 0)
        WHEN starts_with(coalesce(s.rule, f.rule), 'given') THEN coalesce(d.cells, 0) + greatest(gone, 0) + come
        ELSE 0 END AS BIGINT) END AS possible,
    CASE coalesce(s.rule, f.rule)
        WHEN 'given the default instead of NULL' THEN c.rule IS NOT NULL
            OR coalesce(s.table_name, f.table_name) = 'turns'
            AND coalesce(s.column_name, f.column_name) IN (/*each column by ", "*/'{column}'/*end column*/)
        WHEN 'rewritten from a payload text' THEN c.rule IS NOT NULL
        WHEN 'converted to the declared type' THEN c.rule IS NOT NULL
        ELSE true END AS is_comparable
FROM (stated s FULL JOIN found f ON f.table_name = s.table_name AND f.column_name = s.column_name AND f.rule = s.rule)
CROSS JOIN given
LEFT JOIN declared c
    ON c.table_name = coalesce(s.table_name, f.table_name) AND c.column_name = coalesce(s.column_name, f.column_name)
    AND c.rule = coalesce(s.rule, f.rule)
LEFT JOIN doubtful d
    ON d.column_name = coalesce(s.column_name, f.column_name)
    AND d.given_default = starts_with(coalesce(s.rule, f.rule), 'given')
WHERE coalesce(s.stated, 0) <> 0 OR coalesce(f.found, 0) <> 0;

-- One row a run that has ended, column, rule and source: what the run states, beside what it counts otherwise.
--   source   counts (of the run, by evidence) | steps (what these state)
CREATE VIEW change_sums AS
WITH run AS (
    SELECT migration_id, CASE WHEN json_valid(counts_json) THEN counts_json END AS counts FROM ledger
    WHERE step = 'migration' AND starts_with(state, 'completed')
        AND migration_id NOT IN (SELECT migration_id FROM silent_runs)
), counted AS (
    SELECT migration_id, 'counts' AS source, 'turns' AS table_name, column_name, 'filled from ' || kind AS rule,
        whole_number(json_extract_string(counts, '$.' || column_name || '.by_evidence.' || kind)) AS cells
    FROM run, (VALUES /*each column by ", "*/('{column}')/*end column*/) c (column_name),
        (VALUES ('text'), ('map'), ('profile'), ('alias')) k (kind)
    UNION ALL
    SELECT migration_id, 'counts', 'turns', 'updated_at_ms', 'repaired from turn_created_at_ms',
        whole_number(json_extract_string(counts, '$.times_repaired'))
    FROM run
    UNION ALL
    SELECT s.migration_id, 'steps', table_name, column_name, rule, CASE WHEN speaks THEN 0 ELSE cells END
    FROM run JOIN stated_cells s ON s.migration_id = run.migration_id WHERE role = 'turns'
), stated AS (
    SELECT migration_id, table_name, column_name, rule, sum(cells) AS cells FROM stated_cells
    WHERE role = 'turns' AND speaks GROUP BY ALL
)
SELECT c.migration_id, c.source, c.column_name, c.rule, sum(c.cells) AS counted,
    coalesce(min(s.cells), 0) AS stated
FROM counted c
LEFT JOIN stated s
    ON s.migration_id = c.migration_id AND s.table_name = c.table_name AND s.column_name = c.column_name
    AND s.rule = c.rule
GROUP BY c.migration_id, c.source, c.table_name, c.column_name, c.rule;
