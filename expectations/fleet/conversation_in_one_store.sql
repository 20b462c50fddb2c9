-- title: No conversation has turns in two stores
-- severity: critical
-- failure: 1 conversation has turns in several files | {n} conversations have turns in several files
-- kind: wrong
-- needs: turns
-- identity: tenant, conv_id
-- scans: turn_keys
-- remedy: Find out which file the conversation belongs to: one of them is a copy, or a tenant sees what another said.
--   Shards of one store have the same `store` in the manifest.
-- breaks: turns: INSERT INTO turn_keys SELECT 'elsewhere', 'elsewhere', conv_id, 'other', turn_id,
--   runtime_key, '', created_ms, first_snapshot_ms FROM turn_keys WHERE conv_id = (SELECT min(conv_id) FROM turn_keys)
SELECT k.tenant, k.conv_id, 'turns' AS found_table, 'conv_id' AS found_column, 'in one store' AS expected,
    'also in ' || min(other.tenant) AS found
FROM (SELECT DISTINCT tenant, store, conv_id FROM turn_keys WHERE conv_id <> '') AS k
JOIN (SELECT DISTINCT tenant, store, conv_id FROM turn_keys WHERE conv_id <> '') AS other
    ON other.conv_id = k.conv_id AND other.store <> k.store
GROUP BY k.tenant, k.conv_id
