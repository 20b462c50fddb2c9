-- One row a snapshot of an existing turn, with its turn's ids and the shape of its block list.
CREATE VIEW snapshot_shapes AS
SELECT t.conv_id, t.session_id, t.turn_id, s.phase, s.snapshot_ms, s.blocks, s.first_ordinal, s.last_ordinal,
    max(s.snapshot_ms) OVER (PARTITION BY s.turn_ref) AS last_snapshot_ms,
    max(s.blocks) OVER (PARTITION BY s.turn_ref) AS most_blocks
FROM snapshots s JOIN turns t USING (turn_ref);
