-- title: runtime_key and inference_id exist in turns as declared: TEXT NOT NULL DEFAULT ''
-- severity: critical
-- failure: 1 of the two columns is missing or declared otherwise | Both columns are missing or declared
--   otherwise
-- kind: missing
-- needs: turns
-- identity: table_name, column_name
-- scans: declared_columns
-- remedy: Run turntruth migrate; a column that exists with another declaration is declared anew by turntruth migrate
--   --rebuild, for SQLite cannot alter it. A file in UTF-16 cannot be migrated as it is: make a copy in UTF-8 with
--   sqlite3 OLD '.dump --preserve-rowids' | sqlite3 NEW, and migrate that.
-- breaks: turns: DROP INDEX turns_by_conv_inference_updated
-- breaks: turns: ALTER TABLE turns RENAME COLUMN inference_id TO inference
-- consequence_of: no_null_value
SELECT table_name, column_name, table_name AS found_table, column_name AS found_column, expected,
    CASE WHEN encoding IS NULL THEN found ELSE coalesce(found, 'missing') || ' in a file in ' || encoding END AS found
FROM column_declarations
CROSS JOIN (SELECT max(value) AS encoding FROM pragmas WHERE role = 'turns' AND name = 'encoding' AND value <> 'UTF-8')
WHERE column_name IN ('runtime_key', 'inference_id') AND table_name = 'turns'
    AND (found IS DISTINCT FROM expected OR encoding IS NOT NULL)
