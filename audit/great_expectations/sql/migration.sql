WITH runs AS (
    SELECT min(started_ms) AS started_ms,
        (SELECT first.high_rowid FROM ledger first WHERE step = 'migration' ORDER BY started_ms LIMIT 1) AS high_rowid,
        /*each column by ",\n"*/
        coalesce(max(instr(',' || replace(columns_added, ' ', '') || ',', ',{column},') > 0), 0) AS {word}
        /*end column*/
    FROM ledger WHERE step = 'migration'
), given AS (
    SELECT max(cutover_ms) AS cutover_ms FROM given_cutover
), places AS (
    SELECT max(position) FILTER (WHERE column_name = 'runtime_key') AS runtime,
        max(position) FILTER (WHERE column_name = 'updated_at_ms') AS updated
    FROM table_columns WHERE role = 'turns' AND table_name = 'turns'
)
SELECT
    coalesce(runs.started_ms, given.cutover_ms) AS cutover_ms,
    CASE WHEN runs.started_ms IS NOT NULL THEN 'ledger'
         WHEN given.cutover_ms IS NOT NULL THEN 'given' ELSE '' END AS cutover_source,
    runs.high_rowid,
    /*each column*/
    runs.{word} OR (runs.started_ms IS NULL AND given.cutover_ms IS NOT NULL) AS added_{word},
    /*end column*/
    coalesce(places.runtime < places.updated, 0) AS native
FROM runs JOIN given JOIN places
