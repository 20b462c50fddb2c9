-- title: The debug API answers nothing that the file does not hold
-- severity: critical
-- failure: The debug API answers 1 snapshot that the file does not hold | The debug API answers {n} snapshots that the
--   file does not hold
-- kind: made_up
-- needs: turns, api
-- identity: conv_id, session_id, turn_id, phase, snapshot_ms
-- scans: api_snapshots
-- remedy: Find out which file the server reads; a field that is missing, another conversation or a snapshot told twice
--   is its own fault.
-- breaks: turns: DELETE FROM turn_block_membership WHERE turn_id = (SELECT turn_id FROM turns ORDER BY
--   turn_created_at_ms LIMIT 1) AND phase = 'final'
WITH answered AS (
    SELECT asked_conv_id, conv_id, session_id, turn_id, phase, snapshot_ms,
        hash(conv_id, session_id, turn_id) AS turn_ref, count(*) AS times,
        conv_id IS NULL OR session_id IS NULL OR turn_id IS NULL OR phase IS NULL OR snapshot_ms IS NULL AS incomplete
    FROM api_snapshots WHERE NOT damaged GROUP BY ALL
)
SELECT coalesce(a.conv_id, '') AS conv_id, coalesce(a.session_id, '') AS session_id, coalesce(a.turn_id, '') AS turn_id,
    coalesce(a.phase, '') AS phase, coalesce(a.snapshot_ms, 0) AS snapshot_ms, 'turn_block_membership' AS found_table,
    CASE WHEN incomplete THEN 'a snapshot with all its fields'
         WHEN a.conv_id <> a.asked_conv_id THEN 'conversation ' || a.asked_conv_id
         WHEN times > 1 THEN 'answered once' ELSE 'stored' END AS expected,
    CASE WHEN incomplete THEN 'a field is missing'
         WHEN a.conv_id <> a.asked_conv_id THEN 'conversation ' || a.conv_id
         WHEN times > 1 THEN 'answered ' || times || ' times' ELSE 'not stored' END AS found
FROM answered a CROSS JOIN last_stored
WHERE incomplete OR a.conv_id <> a.asked_conv_id OR times > 1
    OR (NOT EXISTS (SELECT 1 FROM answerable_snapshots s
            WHERE s.turn_ref = a.turn_ref AND s.phase = a.phase AND s.snapshot_ms = a.snapshot_ms)
        AND NOT coalesce(moved AND a.snapshot_ms > last_ms, false))
