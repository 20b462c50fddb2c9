-- One row: what files of one fleet have in common, and how long each of them has been written to.
SELECT
    (SELECT sha256(coalesce(string_agg(
        concat_ws(' ', table_name, column_name, type, not_null, default_value, key_position),
        ', ' ORDER BY table_name, position), '')) FROM table_columns
        WHERE role = 'turns' AND NOT starts_with(lower(table_name), 'turntruth_')) AS schema_sha256,
    coalesce((SELECT arg_max(turntruth_version, started_ms) FROM ledger WHERE step = 'migration'), '')
        AS ledger_version,
    (SELECT count(*) FROM turns) AS turns,
    (SELECT min(created_ms) FROM turns WHERE created_ms > 0) AS first_ms,
    (SELECT max(created_ms) FROM turns WHERE created_ms > 0) AS last_ms
