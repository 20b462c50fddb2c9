-- title: No turn from before the migration has a value that its metadata does not give
-- severity: critical
-- failure: 1 turn has a value that its metadata does not give | {n} turns have a value that their metadata does not
--   give
-- kind: made_up
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: What cannot be known stays empty. Empty the cells; if the file from before the migration has the values, give
--   it as --baseline.
-- breaks: turns: UPDATE turns SET runtime_key = 'invented' WHERE rowid = (SELECT min(t.rowid) FROM turns t WHERE
--   t.runtime_key = '' AND EXISTS (SELECT 1 FROM turns later WHERE later.conv_id = t.conv_id AND later.runtime_key <>
--   '' AND later.turn_created_at_ms > t.turn_created_at_ms))
-- consequence_of: attribution_columns_exist, inference_not_shared, no_placeholder
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column, '' AS expected, value AS found
FROM made_up
WHERE likeness = ''
