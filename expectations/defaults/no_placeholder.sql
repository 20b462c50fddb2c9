-- title: No runtime_key and no inference_id is a placeholder such as null, none or undefined
-- severity: critical
-- failure: 1 turn has a placeholder for a runtime or inference | {n} turns have a placeholder for a runtime or
--   inference
-- kind: made_up
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Unknown is the empty text. Find the writer that prints its missing value, then empty the cells.
-- breaks: turns: UPDATE turns SET inference_id = 'None' WHERE rowid = (SELECT max(rowid) FROM turns WHERE inference_id
--   = '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column,
    evidence AS expected, value AS found
FROM attributions
WHERE lower(go_trim(value)) IN (
    'null', 'none', 'undefined', 'nil', 'n/a', '[object object]', '<nil>', '<null>', '(null)')
