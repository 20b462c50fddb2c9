-- title: The debug API answers every snapshot that the file holds
-- severity: critical
-- failure: The debug API leaves out 1 snapshot that the file holds | The debug API leaves out {n} snapshots that the
--   file holds
-- kind: lost
-- needs: turns, api
-- identity: conv_id, session_id, turn_id, phase, snapshot_ms
-- scans: stored_snapshots
-- remedy: Find out which file the server reads and where it stops listing; a page or a cache may be cut short.
-- breaks: turns: INSERT INTO turn_block_membership SELECT conv_id, session_id, turn_id, phase, snapshot_created_at_ms -
--   1, ordinal, block_id, content_hash FROM turn_block_membership WHERE turn_id = (SELECT turn_id FROM turns ORDER BY
--   turn_created_at_ms LIMIT 1) AND phase = 'final'
SELECT s.conv_id, s.session_id, s.turn_id, s.phase, s.snapshot_ms, 'turn_block_membership' AS found_table,
    'answered' AS expected, 'not answered' AS found
FROM stored_snapshots s
WHERE NOT EXISTS (SELECT 1 FROM api_snapshots a
    WHERE a.conv_id = s.conv_id AND a.session_id = s.session_id AND a.turn_id = s.turn_id
        AND a.phase = s.phase AND a.snapshot_ms = s.snapshot_ms)
