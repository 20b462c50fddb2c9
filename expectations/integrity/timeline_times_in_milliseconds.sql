-- title: No time of the conversation file is in another unit than milliseconds
-- severity: critical
-- failure: The times of 1 conversation are in another unit than milliseconds | The times of {n} conversations are in
--   another unit than milliseconds
-- kind: wrong
-- needs: turns, timeline
-- identity: conv_id
-- scans: conversations
-- remedy: The named number is a plausible time in another unit. The record sorts wrongly, and a switch event tells no
--   order. Set the time that is named as expected.
-- breaks: timeline: UPDATE timeline_conversations SET created_at_ms = created_at_ms / 1000 WHERE rowid = (SELECT
--   min(rowid) FROM timeline_conversations)
SELECT DISTINCT conv_id, found_table, found_column,
    'milliseconds: ' || right_ms AS expected, unit || ': ' || ms AS found
FROM misread_times
WHERE found_table IN ('timeline_conversations', 'timeline_entities')
