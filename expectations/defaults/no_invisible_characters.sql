-- title: No runtime_key and no inference_id holds invisible or control characters that its metadata does not have
-- severity: critical
-- failure: The runtime or inference of 1 turn holds invisible characters that its metadata does not have | The runtimes
--   or inferences of {n} turns hold invisible characters that their metadata does not have
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: The value looks right and equals nothing. Set it from the metadata; where that is silent, find the writer.
-- consequence_of: no_blank_padding, stored_as_text
-- breaks: turns: UPDATE turns SET inference_id = inference_id || char(8203) WHERE rowid = (SELECT min(rowid) FROM turns
--   WHERE inference_id <> '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column,
    visible(value) AS expected, value AS found
FROM attributions
WHERE value <> visible(value) AND value <> evidence
