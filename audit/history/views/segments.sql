-- One row an unbroken run of turns of one runtime in a conversation; unknown turns form segments of their own.
--   segment      1, 2, 3 ... within the conversation
--   runtime_key  '' for a run of unknown turns
CREATE VIEW main.segments AS
SELECT conv_id, segment, runtime_key, turns, first_place, last_place, first_turn_id, last_turn_id,
    staged.moment(first_created_ms) AS first_created_at, staged.moment(last_created_ms) AS last_created_at,
    first_created_ms, last_created_ms
FROM staged.segments;
