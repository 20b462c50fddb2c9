-- title: Every conversation that the timeline file knows of has its record there
-- severity: critical
-- failure: The record of 1 conversation is missing | The records of {n} conversations are missing
-- kind: lost
-- needs: turns, timeline
-- identity: conv_id
-- scans: conversation_presence
-- remedy: Its entities are there, or its turns are newer than the migration, or as many records were deleted as are
--   missing: restore it from a backup. Is the timeline file the one that belongs to this turn file?
-- breaks: timeline: DELETE FROM timeline_conversations WHERE rowid = (SELECT max(rowid) FROM timeline_conversations)
SELECT conv_id, 'timeline_conversations' AS found_table, 'a record' AS expected, 'none' AS found
FROM conversation_presence
WHERE NOT has_record AND (has_entities OR has_turn_after_cutover OR (turns > 0 AND records_deleted))
