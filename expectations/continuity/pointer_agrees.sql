-- title: The runtime a conversation points to is that of its latest attributed turn
-- severity: critical
-- failure: 1 conversation points to another runtime than its latest attributed turn has | {n} conversations point to
--   another runtime than their latest attributed turn has
-- kind: wrong
-- needs: turns, timeline
-- identity: conv_id
-- scans: pointers
-- remedy: The turns are the truth, the pointer is a copy. Set the pointer from the latest turn, unless somebody
--   switched the profile after it.
-- breaks: timeline: UPDATE timeline_conversations SET runtime_key = 'stale' WHERE rowid = (SELECT min(rowid) FROM
--   timeline_conversations WHERE runtime_key <> '' AND status = 'active')
-- consequence_of: columns_not_swapped, guessed_from_neighbour, history_not_relabelled, no_blank_padding,
--   no_placeholder, runtime_complete, runtime_matches_evidence
SELECT conv_id, latest_session_id AS session_id, latest_turn_id AS turn_id, 'timeline_conversations' AS found_table,
    'runtime_key' AS found_column, latest_runtime AS expected, pointer AS found
FROM pointers
WHERE pointer <> latest_runtime AND pointer <> '' AND witness
