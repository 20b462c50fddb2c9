-- One row a snapshot of an existing turn, with its turn's ids and the shape of its block list.
CREATE VIEW snapshot_shapes AS
SELECT t.conv_id, t.session_id, t.turn_id, s.phase, s.snapshot_ms, s.blocks, s.first_ordinal, s.last_ordinal,
    s.ordinal_sum
FROM snapshots s JOIN turns t USING (turn_ref);
