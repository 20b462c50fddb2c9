-- One row a turn that has snapshots: its times beside those of its snapshots.
-- A save sets the creation time to the smallest and the update time to the largest snapshot time it has seen.
CREATE VIEW turn_times AS
SELECT t.conv_id, t.session_id, t.turn_id, t.created_ms, t.updated_ms, s.first_snapshot_ms, s.last_snapshot_ms,
    s.first_phase, s.most_blocks, s.most_at_ms, s.last_final_ms, s.final_blocks
FROM turns t JOIN turn_snapshots s USING (turn_ref);
