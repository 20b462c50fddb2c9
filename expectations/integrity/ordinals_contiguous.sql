-- title: The blocks of every snapshot are numbered 0, 1, 2 and so on
-- severity: critical
-- failure: The blocks of 1 snapshot are not numbered 0, 1, 2 and so on | The blocks of {n} snapshots are not numbered
--   0, 1, 2 and so on
-- kind: lost
-- needs: turns
-- identity: conv_id, session_id, turn_id, phase, snapshot_ms
-- scans: snapshot_shapes
-- remedy: A block is missing from the list or was moved. Compare with a backup.
-- breaks: turns: UPDATE turn_block_membership SET ordinal = ordinal + 100 WHERE rowid = (SELECT max(rowid) FROM
--   turn_block_membership)
SELECT conv_id, session_id, turn_id, phase, snapshot_ms, 'turn_block_membership' AS found_table,
    'ordinal' AS found_column,
    '0 to ' || (blocks - 1) AS expected, coalesce(first_ordinal || ' to ' || last_ordinal, 'no numbers') AS found
FROM snapshot_shapes
WHERE (first_ordinal, last_ordinal, ordinal_sum) IS DISTINCT FROM (0, blocks - 1, blocks * (blocks - 1) // 2)
