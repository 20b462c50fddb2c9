-- title: Over all shards of a store, a conversation points to the runtime of its latest attributed turn
-- severity: critical
-- failure: 1 conversation points to another runtime than its latest turn in any shard has | {n} conversations point to
--   other runtimes than their latest turns in any shard have
-- kind: wrong
-- needs: turns, timeline
-- identity: tenant, conv_id
-- scans: conversation_keys
-- remedy: The turns are the truth, the pointer is a copy. Set the pointer from the latest turn of all shards.
-- breaks: timeline: UPDATE conversation_keys SET runtime_key = 'stale' WHERE runtime_key <> '' AND store = 'shared' AND
--   conv_id = (SELECT min(conv_id) FROM conversation_keys WHERE runtime_key <> '' AND store = 'shared')
WITH shared AS (
    SELECT store FROM tenants GROUP BY store HAVING count(*) > 1
), placed AS (
    SELECT k.store, k.conv_id, k.turn_id, k.runtime_key, k.first_snapshot_ms,
        rank() OVER (
            PARTITION BY k.store, k.conv_id
            ORDER BY coalesce(k.created_ms, 0) DESC, coalesce(k.first_snapshot_ms, 9223372036854775807) DESC
        ) AS place
    FROM turn_keys AS k JOIN shared ON shared.store = k.store
    WHERE k.runtime_key <> ''
), latest AS (
    -- Where several turns are the latest, and say different things, nobody knows which came last.
    SELECT store, conv_id, min(runtime_key) AS runtime_key, min(turn_id) AS turn_id,
        count(DISTINCT runtime_key) AS runtimes, min(first_snapshot_ms) AS witness_ms
    FROM placed WHERE place = 1 GROUP BY store, conv_id
)
SELECT c.tenant, c.conv_id, latest.turn_id, 'timeline_conversations' AS found_table, 'runtime_key' AS found_column,
    latest.runtime_key AS expected, c.runtime_key AS found
FROM conversation_keys AS c
JOIN latest ON latest.store = c.store AND latest.conv_id = c.conv_id
WHERE c.runtime_key <> '' AND c.runtime_key <> latest.runtime_key AND latest.runtimes = 1
    AND latest.witness_ms IS NOT NULL AND length(latest.runtime_key) <= 140
