-- One row a turn that has snapshots: its times beside those of its snapshots.
-- A save sets the creation time to the smallest and the update time to the largest snapshot time it has seen.
CREATE VIEW turn_times AS
SELECT t.conv_id, t.session_id, t.turn_id, t.created_ms, t.updated_ms, min(s.snapshot_ms) AS first_snapshot_ms,
    max(s.snapshot_ms) AS last_snapshot_ms
FROM turns t JOIN snapshots s USING (turn_ref)
GROUP BY ALL;
