-- title: No table has columns beyond the declared ones
-- severity: critical
-- failure: 1 column is none of the declared ones | {n} columns are none of the declared ones
-- kind: form
-- needs: turns
-- identity: table_name, column_name
-- scans: table_columns
-- remedy: Find out which program added the column. Drop it if nobody uses it; a generated column can change what every
--   reader sees.
-- breaks: turns: ALTER TABLE turns ADD COLUMN runtime_key_old TEXT
-- consequence_of: attribution_columns_exist
SELECT table_name, name AS column_name, table_name AS found_table, name AS found_column, 'no such column' AS expected,
    definition AS found
FROM foreign_objects
WHERE type = 'column' AND known_as IS NULL
