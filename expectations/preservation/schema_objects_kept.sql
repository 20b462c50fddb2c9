-- title: Every table, column, index, trigger and view is as it was, and nothing undeclared is new
-- severity: critical
-- failure: 1 table, column, index, trigger or view is not as in the file before | {n} tables, columns, indexes,
--   triggers or views are not as in the file before
-- kind: lost
-- needs: turns, baseline
-- identity: object_type, object_name
-- scans: preservation_summary
-- remedy: Create what is missing as the baseline has it, and drop what nobody declared. The migration adds two columns
--   and two indexes; tables named turntruth_* are its own.
-- breaks: baseline: CREATE VIEW turns_of_today AS SELECT conv_id, turn_id FROM turns
-- consequence_of: attribution_columns_exist, attribution_not_overwritten, columns_in_order, foreign_keys_as_declared,
--   no_leftover_tables, no_triggers, no_undeclared_columns, no_unique_surprises, no_views, other_columns_as_declared,
--   other_indexes_as_declared, primary_keys_as_declared, tables_as_declared
SELECT
    json_extract_string(key, '$.type') AS object_type,
    json_extract_string(key, '$.name') AS object_name,
    "table" AS found_table,
    "column" AS found_column,
    expected,
    found
FROM preservation_differences
WHERE kind = 'schema'
