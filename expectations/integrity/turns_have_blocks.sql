-- title: Every turn has blocks
-- severity: info
-- failure: 1 turn has no blocks | {n} turns have no blocks
-- kind: missing
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_order
-- remedy: A turn that was saved empty; older programs never list it. If it had blocks once, restore its block list from
--   a backup.
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, runtime_key)
--   SELECT conv_id, session_id, 'turn-without-blocks', 4102444799999, 4102444799999, runtime_key FROM turns WHERE rowid
--   = (SELECT rowid FROM turns WHERE runtime_key <> '' ORDER BY turn_created_at_ms DESC LIMIT 1)
-- consequence_of: explicit_values, never_empty_after_cutover, no_missing_ids, pointer_beyond_doubt,
--   turn_in_one_session, turns_not_copied
SELECT conv_id, session_id, turn_id, 'turn_block_membership' AS found_table, 'blocks' AS expected, 'none' AS found
FROM turn_order
WHERE snapshots = 0
