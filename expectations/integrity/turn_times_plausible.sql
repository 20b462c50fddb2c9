-- title: The times of every turn are whole, not negative, not beyond the year 2100, and in order
-- severity: critical
-- failure: 1 turn has impossible times | {n} turns have impossible times
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Times are milliseconds since 1970. Restore them from a backup.
-- breaks: turns: UPDATE turns SET updated_at_ms = turn_created_at_ms - 1 WHERE rowid = (SELECT max(rowid) FROM turns)
-- consequence_of: storage_classes_as_declared, turn_times_match_snapshots, turn_times_unchanged
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'turn_created_at_ms, updated_at_ms' AS found_column,
    '0 to 4102444800000, created before updated' AS expected,
    coalesce(CAST(created_ms AS VARCHAR), 'no number') || ', '
        || coalesce(CAST(updated_ms AS VARCHAR), 'no number') AS found
FROM turn_evidence
WHERE NOT coalesce(created_ms BETWEEN 0 AND 4102444800000 AND updated_ms BETWEEN 0 AND 4102444800000
    AND created_ms <= updated_ms, false)
    -- Times in another unit have checks of their own, which say so.
    AND turn_ref NOT IN (SELECT turn_ref FROM stored_times WHERE unit <> '' AND found_table = 'turns')
