-- title: No pointer disagrees with a latest turn that may not have come through the conversation
-- severity: warning
-- needs: turns, timeline
-- identity: conv_id
-- scans: pointers
-- remedy: The latest attributed turn has no blocks, or a runtime that is no profile's. Look at the conversation by hand.
-- breaks: turns: UPDATE turns SET runtime_key = 'switched-at-the-end' WHERE rowid = (SELECT rowid FROM turns WHERE runtime_key <> '' AND conv_id = (SELECT conv_id FROM turns WHERE runtime_key <> '' ORDER BY rowid LIMIT 1) ORDER BY turn_created_at_ms DESC, rowid DESC LIMIT 1)
SELECT conv_id, latest_session_id AS session_id, latest_turn_id AS turn_id, 'timeline_conversations' AS found_table,
    'runtime_key' AS found_column, latest_runtime AS expected, pointer AS found
FROM pointers
WHERE pointer <> latest_runtime AND pointer <> '' AND NOT witness
