-- One row: when and how the file was migrated.
--   cutover_ms        start of the first migration: from its ledger, else as given with --cutover, else NULL
--   cutover_source    ledger | given | ''
--   high_rowid        highest rowid of turns when it began; 0 or NULL where that is not known
--   added_runtime     the migration added the column runtime_key (so no value can be older than the migration)
--   added_inference   the same for inference_id
--   native            the columns are part of the table as it was created: no migration ever added them
CREATE VIEW migration AS
WITH runs AS (
    SELECT min(started_ms) AS started_ms, arg_min(high_rowid, started_ms) AS high_rowid,
        /*each column by ",\n"*/
        coalesce(bool_or(list_contains(string_split(replace(columns_added, ' ', ''), ','), '{column}')),
            false) AS {word}
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
    coalesce(places.runtime < places.updated, false) AS native
FROM runs, given, places;
