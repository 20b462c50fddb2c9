-- One row an unbroken run of turns with one runtime in a conversation; unknown turns form segments of their own.
--   segment          1, 2, 3 ... within the conversation
--   first_place, last_place, turns, first_created_ms, last_created_ms
CREATE VIEW runtime_segments AS
WITH placed AS (
    SELECT o.conv_id, o.place, t.turn_id, t.created_ms, t.runtime_key,
        lag(t.runtime_key) OVER (PARTITION BY o.conv_id ORDER BY o.place) AS previous_runtime
    FROM turn_order o JOIN turns t ON t.turn_ref = o.turn_ref AND t.row_id IS NOT DISTINCT FROM o.row_id
), marked AS (
    SELECT *, sum(CASE WHEN runtime_key IS DISTINCT FROM previous_runtime THEN 1 ELSE 0 END)
        OVER (PARTITION BY conv_id ORDER BY place ROWS UNBOUNDED PRECEDING) AS segment
    FROM placed
)
SELECT conv_id, CAST(segment AS BIGINT) AS segment, min(runtime_key) AS runtime_key, count(*) AS turns,
    min(place) AS first_place, max(place) AS last_place, min(created_ms) AS first_created_ms,
    max(created_ms) AS last_created_ms,
    arg_min(turn_id, place) AS first_turn_id, arg_max(turn_id, place) AS last_turn_id
FROM marked GROUP BY conv_id, segment;
