-- title: Every cell is stored in the class its column declares
-- severity: critical
-- failure: 1 row has a cell of another storage class than declared | {n} rows have cells of another storage class than
--   declared
-- kind: form
-- needs: turns
-- identity: table_name, conv_id, session_id, turn_id, row_key
-- scans: table_columns
-- remedy: A text in a number's column sorts behind every number, a BLOB equals no text. Find the writer, then CAST the
--   cells.
-- breaks: turns: UPDATE turns SET turn_created_at_ms = 'yesterday' WHERE rowid = (SELECT max(rowid) FROM turns WHERE
--   inference_id = '' AND runtime_key = '')
SELECT table_name, conv_id, session_id, turn_id, row_key, table_name AS found_table, column_name AS found_column,
    expected, found
FROM storage_faults
WHERE column_name NOT IN ('runtime_key', 'inference_id', 'turn_metadata_json', 'turn_data_json')
    OR (table_name <> 'turns' AND column_name = 'runtime_key')
