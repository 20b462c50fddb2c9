-- title: Both indexes over runtime_key and inference_id exist as declared
-- severity: critical
-- failure: 1 of the two indexes is missing or declared otherwise | Both indexes are missing or declared
--   otherwise
-- kind: form
-- needs: turns
-- identity: table_name, index_name
-- scans: declared_indexes
-- remedy: Drop an index of that name and run turntruth migrate, which creates it as declared.
-- breaks: turns: DROP INDEX turns_by_conv_runtime_updated
-- consequence_of: attribution_columns_exist, database_intact, tables_as_declared
SELECT table_name, index_name, table_name AS found_table, expected, found
FROM index_declarations
WHERE index_name IN ('turns_by_conv_runtime_updated', 'turns_by_conv_inference_updated')
    AND found IS DISTINCT FROM expected
