-- title: The times of every turn are those of its snapshots
-- severity: critical
-- failure: The times of 1 turn are not those of its snapshots | The times of {n} turns are not those of their snapshots
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_times
-- remedy: A save sets the creation time no later than the first snapshot and the update time to the last. Restore the
--   times from a backup, or set them from the snapshots.
-- breaks: turns: UPDATE turns SET updated_at_ms = updated_at_ms + 1 WHERE rowid = (SELECT max(rowid) FROM turns)
-- consequence_of: creation_as_seen_before, turn_times_in_milliseconds, turn_times_near_conversation,
--   turn_times_plausible, turn_times_unchanged
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'turn_created_at_ms, updated_at_ms' AS found_column,
    first_snapshot_ms || ', ' || last_snapshot_ms AS expected, created_ms || ', ' || updated_ms AS found
FROM turn_times
WHERE created_ms > first_snapshot_ms
    -- A program that saves from the beginning makes the turn with its first snapshot; others may know an earlier time.
    OR (created_ms < first_snapshot_ms AND created_ms > 0 AND first_phase = 'pre_inference')
    -- An update time that was repaired from the creation time is behind the last snapshot, and right.
    OR (updated_ms < last_snapshot_ms AND updated_ms <> created_ms)
    OR (updated_ms > last_snapshot_ms AND created_ms > 0)
