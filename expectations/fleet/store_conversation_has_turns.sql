-- title: Every conversation record of a shard has turns of its session in some shard of the store
-- severity: warning
-- failure: 1 conversation record has no turns of its session in any shard | {n} conversation records have no turns of
--   their sessions in any shard
-- kind: missing
-- needs: turns, timeline
-- identity: tenant, conv_id
-- scans: conversation_keys
-- remedy: Its turns were deleted, or a shard is missing in the manifest.
-- breaks: turns: DELETE FROM turn_keys WHERE store = 'shared' AND conv_id = (SELECT min(conv_id) FROM conversation_keys
--   WHERE store = 'shared')
WITH shared AS (
    SELECT store FROM tenants GROUP BY store HAVING count(*) > 1
), sessions AS (
    SELECT DISTINCT store, conv_id, session_id FROM turn_keys
)
SELECT c.tenant, c.conv_id, 'timeline_conversations' AS found_table, 'session_id' AS found_column,
    'turns of this session' AS expected, c.session_id AS found
FROM conversation_keys AS c
JOIN shared ON shared.store = c.store
LEFT JOIN sessions AS s ON s.store = c.store AND s.conv_id = c.conv_id AND s.session_id = c.session_id
WHERE s.conv_id IS NULL
