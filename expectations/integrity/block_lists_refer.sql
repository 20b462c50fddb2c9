-- title: Every place in a block list refers to a turn and a block that exist
-- severity: critical
-- failure: 1 place in a block list refers to a turn or block that is not there | {n} places in block lists refer to
--   turns or blocks that are not there
-- kind: lost
-- needs: turns
-- identity: conv_id, session_id, turn_id, phase, snapshot_ms, ordinal
-- scans: snapshots
-- remedy: Turns or blocks were deleted by a program that does not enforce foreign keys. Restore them, or delete what is
--   left of them.
-- consequence_of: turns_kept
-- breaks: turns: UPDATE turn_block_membership SET block_id = 'nowhere' WHERE rowid = (SELECT max(rowid) FROM
--   turn_block_membership)
SELECT conv_id, session_id, turn_id, phase, snapshot_ms, ordinal, 'turn_block_membership' AS found_table,
    'a row in ' || parent AS expected, 'none' AS found
FROM foreign_key_problems
