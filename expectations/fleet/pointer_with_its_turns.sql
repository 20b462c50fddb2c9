-- title: A conversation's record lies in the store that has its turns
-- severity: critical
-- failure: 1 conversation's record lies with another store than its turns | The records of {n} conversations lie with
--   other stores than their turns
-- kind: wrong
-- needs: turns, timeline
-- identity: tenant, conv_id
-- scans: conversation_keys
-- remedy: The conversation files of two tenants were swapped, or one was restored from another's backup.
-- breaks: timeline: UPDATE conversation_keys SET tenant = 'elsewhere', store = 'elsewhere' WHERE conv_id = (SELECT
--   min(conv_id) FROM conversation_keys)
SELECT c.tenant, c.conv_id, 'timeline_conversations' AS found_table, 'conv_id' AS found_column,
    'its turns beside it' AS expected, 'its turns are in ' || min(other.tenant) AS found
FROM conversation_keys AS c
JOIN (SELECT DISTINCT tenant, store, conv_id FROM turn_keys WHERE conv_id <> '') AS other
    ON other.conv_id = c.conv_id AND other.store <> c.store
LEFT JOIN (SELECT DISTINCT store, conv_id FROM turn_keys) AS own ON own.conv_id = c.conv_id AND own.store = c.store
WHERE own.conv_id IS NULL
GROUP BY c.tenant, c.conv_id
