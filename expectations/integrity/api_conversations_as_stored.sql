-- title: The debug API answers each conversation as the conversation file holds it
-- severity: critical
-- failure: The debug API answers 1 conversation otherwise than the file holds it | The debug API answers {n}
--   conversations otherwise than the file holds them
-- kind: wrong
-- needs: turns, timeline, api
-- identity: conv_id
-- scans: api_conversations
-- remedy: Find out which file the server reads and what it keeps in memory; the pointer of an idle conversation is the
--   stored one.
-- breaks: timeline: UPDATE timeline_conversations SET session_id = 'another' WHERE rowid = (SELECT min(rowid) FROM
--   timeline_conversations)
SELECT coalesce(c.conv_id, a.conv_id, '') AS conv_id, 'timeline_conversations' AS found_table,
    CASE WHEN a.current_runtime_key IS DISTINCT FROM c.runtime_key THEN 'runtime_key'
         ELSE 'session_id' END AS found_column,
    coalesce(c.runtime_key || ', ' || c.session_id, 'no such conversation') AS expected,
    CASE WHEN a.conv_id IS NULL THEN 'not answered'
         ELSE coalesce(a.current_runtime_key, '(missing)') || ', ' || coalesce(a.session_id, '(missing)') END AS found
FROM conversations c
FULL JOIN (SELECT * FROM api_conversations WHERE source IS DISTINCT FROM 'live' AND NOT running) a
    ON a.conv_id = c.conv_id
CROSS JOIN last_stored
WHERE (a.conv_id IS NULL OR c.conv_id IS NULL
        OR a.current_runtime_key IS DISTINCT FROM c.runtime_key OR a.session_id IS DISTINCT FROM c.session_id)
    AND NOT EXISTS (SELECT 1 FROM api_conversations r WHERE r.conv_id = c.conv_id AND r.running)
    AND NOT coalesce(moved AND (c.conv_id IS NULL OR a.last_activity_ms > c.last_activity_ms), false)
