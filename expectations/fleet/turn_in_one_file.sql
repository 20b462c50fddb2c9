-- title: No turn is stored in two files
-- severity: critical
-- failure: 1 turn is stored in several files | {n} turns are stored in several files
-- kind: wrong
-- needs: turns
-- identity: tenant, conv_id, session_id, turn_id
-- scans: turn_keys
-- remedy: One of the files has a copy. Find out which of them the service writes, and keep the turn there.
-- breaks: turns: INSERT INTO turn_keys SELECT 'shard-2', store, conv_id, session_id, turn_id, runtime_key, '',
--   created_ms, first_snapshot_ms FROM turn_keys WHERE turn_id = (SELECT min(turn_id) FROM turn_keys)
-- consequence_of: conversation_in_one_store
SELECT k.tenant, k.conv_id, k.session_id, k.turn_id, 'turns' AS found_table, 'turn_id' AS found_column,
    'in one file' AS expected, 'also in ' || min(other.tenant) AS found
FROM turn_keys AS k
JOIN turn_keys AS other ON other.conv_id = k.conv_id AND other.session_id = k.session_id
    AND other.turn_id = k.turn_id AND other.tenant <> k.tenant
GROUP BY k.tenant, k.conv_id, k.session_id, k.turn_id
