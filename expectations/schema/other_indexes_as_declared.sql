-- title: Every other index is there as declared: columns, directions, collations, not unique, not partial
-- severity: critical
-- failure: 1 index is missing or declared otherwise | {n} indexes are missing or declared otherwise
-- kind: form
-- needs: turns
-- identity: table_name, index_name
-- scans: declared_indexes
-- remedy: Drop the index of that name and create it as expected; an index of the same name with another definition
--   hides that the right one is missing.
-- consequence_of: other_columns_as_declared
-- breaks: turns: DROP INDEX turns_by_session
-- breaks: turns: CREATE INDEX turns_by_session ON turns (session_id, updated_at_ms)
SELECT table_name, index_name, table_name AS found_table, expected, found
FROM index_declarations
WHERE index_name NOT IN ('turns_by_conv_runtime_updated', 'turns_by_conv_inference_updated')
    AND found IS DISTINCT FROM expected
