-- title: No inference id stands in two files
-- severity: critical
-- failure: 1 turn has the inference id of a turn in another file | {n} turns have the inference ids of turns in other
--   files
-- kind: wrong
-- needs: turns
-- identity: tenant, conv_id, session_id, turn_id
-- scans: turn_keys
-- remedy: One run of a model made one turn. Look in the logs which of the turns it was, and set the other one to ''.
-- breaks: turns: INSERT INTO turn_keys SELECT 'elsewhere', 'elsewhere', 'other', 'other', 'other', runtime_key,
--   inference_id, created_ms, first_snapshot_ms FROM turn_keys WHERE inference_id = (SELECT max(inference_id) FROM
--   turn_keys)
-- consequence_of: conversation_in_one_store, turn_in_one_file
SELECT k.tenant, k.conv_id, k.session_id, k.turn_id, 'turns' AS found_table, 'inference_id' AS found_column,
    'in one file' AS expected, 'also in ' || min(other.tenant) AS found
FROM turn_keys AS k
JOIN turn_keys AS other ON other.inference_id = k.inference_id AND other.tenant <> k.tenant
WHERE k.inference_id <> ''
GROUP BY k.tenant, k.conv_id, k.session_id, k.turn_id
