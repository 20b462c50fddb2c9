-- title: Every conversation of the turn file has a record in the timeline file
-- severity: warning
-- needs: turns, timeline
-- identity: conv_id
-- scans: conversation_presence
-- remedy: Conversations from before the timeline file had records never got one; for others see that both files belong together.
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) VALUES ('unrecorded', 's', 't', 1600000000000, 1600000000000)
-- also_fails: turns_have_blocks, ledger_counts_true
SELECT conv_id, 'timeline_conversations' AS found_table, 'a record' AS expected, 'none' AS found
FROM conversation_presence
WHERE NOT has_record AND turns > 0 AND NOT has_entities AND NOT has_turn_after_cutover
