-- title: No conversation has run out of its quota
-- severity: warning
-- failure: 1 conversation has run out of its quota | {n} conversations have run out of their quota
-- kind: wrong
-- needs: turns, timeline
-- identity: conv_id
-- scans: conversations
-- remedy: Raise the quota, and let the turn that failed be answered again.
-- breaks: timeline: UPDATE timeline_conversations SET last_error = 'quota exceeded'
--   WHERE conv_id = (SELECT min(conv_id) FROM timeline_conversations)
SELECT conv_id, 'timeline_conversations' AS found_table, 'last_error' AS found_column,
    'no word of a quota' AS expected, last_error AS found
FROM conversations
WHERE lower(last_error) LIKE '%quota%'
