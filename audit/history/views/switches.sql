-- One row a switch: the first turn that is known to have another runtime than the last known one before it.
--   turn_id        of that turn; place and times are its own
--   unknown_turns  lie between the two: the switch itself may have happened at any of them
CREATE VIEW main.switches AS
SELECT conv_id, from_runtime, runtime_key AS to_runtime, first_turn_id AS turn_id, first_place AS place,
    staged.moment(first_created_ms) AS created_at, first_created_ms AS created_ms,
    first_place - previous_place - 1 AS unknown_turns
FROM (
    SELECT *, lag(runtime_key) OVER known AS from_runtime, lag(last_place) OVER known AS previous_place
    FROM staged.segments WHERE runtime_key <> '' WINDOW known AS (PARTITION BY conv_id ORDER BY segment)
) WHERE from_runtime <> runtime_key;
