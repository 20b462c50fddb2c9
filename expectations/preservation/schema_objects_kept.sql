-- title: Every table, column, index, trigger and view is as it was, and nothing undeclared is new
-- severity: critical
-- needs: turns, baseline
-- identity: object_type, object_name
-- scans: preservation_summary
-- remedy: Create what is missing as the baseline has it, and drop what nobody declared. The migration adds two columns
--   and two indexes; tables named turntruth_* are its own.
-- breaks: baseline: CREATE VIEW turns_of_today AS SELECT conv_id, turn_id FROM turns
-- consequence_of: attribution_not_overwritten
SELECT
    json_extract_string(key, '$.type') AS object_type,
    json_extract_string(key, '$.name') AS object_name,
    "table" AS found_table,
    "column" AS found_column,
    expected,
    found
FROM preservation_differences
WHERE kind = 'schema'
