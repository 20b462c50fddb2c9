-- title: Every other column is there as declared: type, NOT NULL and default
-- severity: critical
-- failure: 1 column is missing or declared otherwise | {n} columns are missing or declared otherwise
-- kind: form
-- needs: turns
-- identity: table_name, column_name
-- scans: declared_columns
-- remedy: Compare with the file from before the migration. SQLite cannot alter a column: turntruth migrate --rebuild
--   copies the rows of a turn database into a table of the right definition.
-- breaks: turns: PRAGMA writable_schema = ON
-- breaks: turns: UPDATE sqlite_schema SET sql = replace(sql, 'role TEXT NOT NULL DEFAULT ''''', 'role TEXT NOT NULL')
--   WHERE name = 'blocks'
-- breaks: turns: PRAGMA writable_schema = RESET
SELECT table_name, column_name, table_name AS found_table, column_name AS found_column, expected, found
FROM column_declarations
WHERE NOT (column_name IN ('runtime_key', 'inference_id') AND table_name = 'turns') AND found IS DISTINCT FROM expected
