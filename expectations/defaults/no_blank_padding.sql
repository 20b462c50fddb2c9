-- title: No runtime_key and no inference_id begins or ends with white space
-- severity: critical
-- failure: The runtime or inference of 1 turn begins or ends with white space | The runtimes or inferences of {n} turns
--   begin or end with white space
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Every writer trims; a padded value is found by no filter. Find the writer, then set the trimmed value.
-- consequence_of: attribution_columns_exist
-- breaks: turns: UPDATE turns SET runtime_key = runtime_key || char(160) WHERE rowid = (SELECT min(rowid) FROM turns
--   WHERE runtime_key <> '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column,
    go_trim(value) AS expected, value AS found
FROM attributions
WHERE value <> go_trim(value)
