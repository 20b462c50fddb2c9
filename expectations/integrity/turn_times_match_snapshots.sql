-- title: The times of every turn are those of its snapshots
-- severity: critical
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_times
-- remedy: A save sets the creation time no later than the first snapshot and the update time to the last. Restore the times from a
--   backup, or set them from the snapshots.
-- breaks: turns: UPDATE turns SET updated_at_ms = updated_at_ms + 1 WHERE rowid = (SELECT max(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'turn_created_at_ms, updated_at_ms' AS found_column,
    first_snapshot_ms || ', ' || last_snapshot_ms AS expected, created_ms || ', ' || updated_ms AS found
FROM turn_times
WHERE created_ms > first_snapshot_ms
    -- An update time repaired from the creation time, or left at 0, is behind the last snapshot; both have a reason.
    OR (updated_ms < last_snapshot_ms AND updated_ms NOT IN (0, created_ms))
    OR (updated_ms > last_snapshot_ms AND created_ms > 0)
