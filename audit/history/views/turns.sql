-- One row a turn, numbered within its conversation, across the conversation's sessions.
--   place         1, 2, 3 ... by creation time, then first snapshot, then rowid, then id
--   created_at    UTC; NULL where the cell holds no time of the years 1 to 9999
--   created_ms    the same as stored, epoch milliseconds; NULL where it is no whole number
--   runtime_key   the runtime that produced the turn; '' is unknown
--   inference_id  '' is unknown
CREATE VIEW main.turns AS
SELECT t.conv_id, t.session_id, t.turn_id, o.place, staged.moment(t.created_ms) AS created_at, t.created_ms,
    t.runtime_key, t.inference_id
FROM staged.turn_order o
JOIN staged.turns t ON t.turn_ref = o.turn_ref AND t.row_id IS NOT DISTINCT FROM o.row_id;
