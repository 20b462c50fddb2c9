-- title: No turn from before the migration has a value that its metadata does not give
-- severity: critical
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: What cannot be known stays empty. Empty the cells; if the file from before the migration has the values, give it as
--   --baseline.
-- breaks: turns: UPDATE turns SET runtime_key = 'invented' WHERE rowid = (SELECT min(rowid) FROM turns WHERE runtime_key = '' AND turn_metadata_json = '{}')
-- also_fails: pointer_agrees, pointer_doubtful
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column, '' AS expected, value AS found
FROM made_up
WHERE likeness = ''
