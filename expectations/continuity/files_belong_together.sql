-- title: The two files have conversations in common
-- severity: critical
-- failure: The turn file and the timeline file have no conversation in common | The turn file and the timeline file
--   have no conversation in common
-- kind: wrong
-- needs: turns, timeline
-- identity: role
-- scans: conversation_presence
-- remedy: Not one conversation is in both: the timeline file is another store's. Give the right one.
-- breaks: timeline: UPDATE timeline_conversations SET conv_id = 'other-' || conv_id
-- breaks: timeline: UPDATE timeline_entities SET conv_id = 'other-' || conv_id
-- breaks: timeline: UPDATE timeline_versions SET conv_id = 'other-' || conv_id
SELECT 'timeline' AS role, 'conversations of the turn file' AS expected, 'none of them' AS found
FROM conversation_presence
HAVING count(*) FILTER (WHERE turns > 0) > 0 AND count(*) FILTER (WHERE has_record OR has_entities) > 0
    AND count(*) FILTER (WHERE turns > 0 AND (has_record OR has_entities)) = 0
