-- title: Every conversation record has turns in the turn file
-- severity: warning
-- failure: 1 conversation record has no turn | {n} conversation records have no turn
-- kind: lost
-- needs: turns, timeline
-- identity: conv_id
-- scans: conversation_presence
-- remedy: A conversation that somebody opened and left has none; many of them mean that the two files do not belong
--   together, or that turns were lost.
-- breaks: timeline: INSERT INTO timeline_conversations (conv_id, session_id, created_at_ms, last_activity_ms) VALUES
--   ('never-used', '', 1, 1)
-- consequence_of: files_belong_together, turns_kept
SELECT conv_id, 'turns' AS found_table, 'turns' AS expected, 'none' AS found
FROM conversation_presence
WHERE has_record AND turns = 0
