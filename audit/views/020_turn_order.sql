-- One row a turn, numbered within its conversation, across the conversation's sessions.
-- The order is creation time, then first snapshot, then rowid, then turn_id; never the time of the last update, which a
-- later save of an old turn moves. Times of the timeline file may come from another clock and are not used.
--   place            1, 2, 3 ...
--   snapshots        0 for a turn without blocks
CREATE TABLE turn_order AS
SELECT
    turns.turn_ref, row_id, conv_id, session_id, turn_id, created_ms, coalesce(snapshots, 0) AS snapshots,
    row_number() OVER (
        PARTITION BY conv_id
        ORDER BY created_ms NULLS FIRST, first_snapshot_ms NULLS LAST, row_id NULLS LAST, turn_id, session_id
    ) AS place
FROM turns LEFT JOIN turn_snapshots USING (turn_ref);
