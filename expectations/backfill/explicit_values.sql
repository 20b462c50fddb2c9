-- title: Every value that a live writer gave is also in the turn's metadata
-- severity: info
-- failure: 1 turn has a value from a live writer that its metadata does not name | {n} turns have a value from a live
--   writer that their metadata does not name
-- kind: form
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Nothing to do where the writer states the runtime on purpose; the column is then the better witness.
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms,
--   turn_metadata_json, runtime_key, inference_id) SELECT conv_id, session_id, 'explicit-turn', 4102444800000,
--   4102444800000, '{"geppetto.inference_id@v1":"said-in-metadata"}', runtime_key, 'given-by-the-writer' FROM turns
--   WHERE rowid = (SELECT rowid FROM turns WHERE runtime_key <> '' ORDER BY turn_created_at_ms DESC LIMIT 1)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column,
    evidence AS expected, value AS found
FROM value_differences
WHERE kind = 'explicit'
