-- title: Every runtime_key and inference_id is stored as text, not as a BLOB or a number
-- severity: critical
-- failure: The runtime or inference of 1 turn is not stored as text | The runtimes or inferences of {n} turns are not
--   stored as text
-- kind: form
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: A BLOB prints like a text but equals none, so filters and joins miss it. Find the writer, then CAST the cells
--   to TEXT.
-- breaks: turns: UPDATE turns SET inference_id = CAST(inference_id AS BLOB) WHERE rowid = (SELECT min(rowid) FROM turns
--   WHERE inference_id <> '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column, expected, found
FROM storage_faults
WHERE role = 'turns' AND table_name = 'turns' AND column_name IN ('runtime_key', 'inference_id')
