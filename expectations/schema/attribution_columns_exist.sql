-- title: runtime_key and inference_id exist in turns as declared: TEXT NOT NULL DEFAULT ''
-- severity: critical
-- needs: turns
-- identity: table_name, column_name
-- scans: declared_columns
-- remedy: Run turntruth migrate on a copy of the file from before; a column that exists with another declaration has to be
--   rebuilt by hand, SQLite cannot alter it.
-- breaks: turns: DROP INDEX turns_by_conv_inference_updated
-- breaks: turns: ALTER TABLE turns RENAME COLUMN inference_id TO inference
-- also_fails: attribution_indexes_exist, columns_added_true, completion_true, default_applies, inference_complete, ledger_counts_true, no_undeclared_columns
SELECT table_name, column_name, table_name AS found_table, column_name AS found_column, expected, found
FROM column_declarations
WHERE column_name IN ('runtime_key', 'inference_id') AND table_name = 'turns' AND found IS DISTINCT FROM expected
