-- title: The session a conversation points to is one of its turns'
-- severity: warning
-- failure: 1 conversation points to a session without turns | {n} conversations point to a session without turns
-- kind: wrong
-- needs: turns, timeline
-- identity: conv_id
-- scans: pointers
-- remedy: After a restart a session may have no turn yet; otherwise the record belongs to another conversation.
-- breaks: timeline: UPDATE timeline_conversations SET session_id = 'nobody' WHERE rowid = (SELECT min(rowid) FROM
--   timeline_conversations WHERE session_id <> '')
-- consequence_of: api_conversations_as_stored
SELECT p.conv_id, 'timeline_conversations' AS found_table, 'session_id' AS found_column,
    'a session of its turns' AS expected, p.session_id AS found
FROM pointers p
WHERE p.session_id <> '' AND p.turns > 0
    AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.conv_id = p.conv_id AND t.session_id = p.session_id)
