-- title: The runtime a conversation points to is that of its latest attributed turn
-- severity: critical
-- needs: turns, timeline
-- identity: conv_id
-- scans: pointers
-- remedy: The turns are the truth, the pointer is a copy. Set the pointer from the latest turn, unless somebody
--   switched the profile after it.
-- breaks: timeline: UPDATE timeline_conversations SET runtime_key = 'stale' WHERE rowid = (SELECT min(rowid) FROM
--   timeline_conversations WHERE runtime_key <> '' AND status = 'active')
-- consequence_of: guessed_from_neighbour, history_not_relabelled
SELECT conv_id, latest_session_id AS session_id, latest_turn_id AS turn_id, 'timeline_conversations' AS found_table,
    'runtime_key' AS found_column, latest_runtime AS expected, pointer AS found
FROM pointers
WHERE pointer <> latest_runtime AND pointer <> '' AND witness
