-- title: Every conversation with turns in a shard has a record in some conversation file of its store
-- severity: warning
-- failure: 1 conversation has turns, and no record in a conversation file of its store | {n} conversations have turns,
--   and no record in a conversation file of their stores
-- kind: missing
-- needs: turns, timeline
-- identity: tenant, conv_id
-- scans: turn_keys
-- remedy: The record was deleted, or a conversation file is missing in the manifest.
-- breaks: timeline: DELETE FROM conversation_keys WHERE store = 'shared' AND conv_id = (SELECT min(conv_id) FROM
--   conversation_keys WHERE store = 'shared')
WITH shared AS (
    SELECT store FROM tenants GROUP BY store HAVING count(*) > 1
), recorded AS (
    SELECT DISTINCT store FROM conversation_keys
)
SELECT k.tenant, k.conv_id, 'timeline_conversations' AS found_table, 'conv_id' AS found_column,
    'a record' AS expected, CAST(count(*) AS STRING) || ' turns without' AS found
FROM turn_keys AS k
JOIN shared ON shared.store = k.store
JOIN recorded ON recorded.store = k.store
LEFT JOIN conversation_keys AS c ON c.store = k.store AND c.conv_id = k.conv_id
WHERE c.conv_id IS NULL AND k.conv_id <> ''
GROUP BY k.tenant, k.conv_id
