-- title: A turn was created when an earlier audit says it was
-- severity: critical
-- failure: 1 turn has another time of creation than an earlier audit saw | {n} turns have another time of creation than
--   an earlier audit saw
-- kind: wrong
-- needs: turns, against
-- identity: conv_id, session_id, turn_id
-- scans: earlier_turns
-- remedy: The time of creation gives the turns their order, and so says which runtime came first. Restore what the
--   earlier audit saw.
-- breaks: turns: UPDATE turns SET turn_created_at_ms = turn_created_at_ms - 1 WHERE rowid = (SELECT max(rowid) FROM
--   turns)
SELECT e.conv_id, e.session_id, e.turn_id, 'turns' AS found_table, 'turn_created_at_ms' AS found_column,
    e.created_ms AS expected, coalesce(CAST(t.created_ms AS VARCHAR), 'no number') AS found
FROM earlier_turns e
JOIN turns t ON t.conv_id = e.conv_id AND t.session_id = e.session_id AND t.turn_id = e.turn_id
WHERE e.created_ms IS NOT NULL AND t.created_ms IS DISTINCT FROM e.created_ms
    -- A save that comes late but is of an earlier time moves the creation to that time, and leaves a snapshot of it.
    AND NOT coalesce(t.created_ms < e.created_ms
        AND EXISTS (SELECT 1 FROM snapshots s WHERE s.turn_ref = t.turn_ref AND s.snapshot_ms = t.created_ms), false)
