-- title: Every conversation of the turn file has a record in the timeline file
-- severity: warning
-- failure: 1 conversation with turns has no record in the timeline file | {n} conversations with turns have no record
--   in the timeline file
-- kind: missing
-- needs: turns, timeline
-- identity: conv_id
-- scans: conversation_presence
-- remedy: Conversations from before the timeline file had records never got one; for others see that both files belong
--   together.
-- breaks: timeline: DELETE FROM timeline_conversations WHERE rowid = (SELECT max(rowid) FROM timeline_conversations)
-- breaks: timeline: DELETE FROM timeline_entities WHERE conv_id NOT IN (SELECT conv_id FROM timeline_conversations)
-- breaks: timeline: DELETE FROM timeline_versions WHERE conv_id NOT IN (SELECT conv_id FROM timeline_conversations)
-- consequence_of: files_belong_together
SELECT conv_id, 'timeline_conversations' AS found_table, 'a record' AS expected, 'none' AS found
FROM conversation_presence
WHERE NOT has_record AND turns > 0 AND NOT has_entities AND NOT has_turn_after_cutover AND NOT records_deleted
