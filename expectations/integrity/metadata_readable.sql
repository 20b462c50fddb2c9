-- title: Every turn's metadata is a JSON object
-- severity: warning
-- failure: The metadata of 1 turn is no JSON object | The metadata of {n} turns is no JSON object
-- kind: form
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Such a turn cannot say what produced it, and older programs fail to list its conversation. Repair the text if
--   a backup has it, or set it to {}.
-- breaks: turns: UPDATE turns SET turn_metadata_json = '{broken' WHERE rowid = (SELECT min(rowid) FROM turns WHERE
--   runtime_key = '' AND inference_id = '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'turn_metadata_json' AS found_column,
    'a JSON object' AS expected, 'malformed' AS found
FROM turn_evidence
WHERE metadata_status = 'malformed'
