-- title: Every conversation record holds plausible values
-- severity: critical
-- failure: 1 conversation record holds implausible values | {n} conversation records hold implausible values
-- kind: wrong
-- needs: turns, timeline
-- identity: conv_id
-- scans: conversations
-- remedy: Such a record sorts and filters wrongly in the list of conversations. Restore it from a backup.
-- breaks: timeline: UPDATE timeline_conversations SET has_timeline = 7 WHERE rowid = (SELECT min(rowid) FROM
--   timeline_conversations)
SELECT conv_id, 'timeline_conversations' AS found_table, found_column, expected, found
FROM implausible_conversation_fields
