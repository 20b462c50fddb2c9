-- One row a check: how many findings of both runs lie at the same places, and the first places where they differ.
-- A place can be named more than once; then as many of a run's findings are matched as the other run has there.
WITH placed AS (
    SELECT "check", conv_id, session_id, turn_id, "table", "key", "column", 1 AS in_a, 0 AS in_b, 0 AS open_in_b
    FROM read_parquet($a)
    UNION ALL
    SELECT "check", conv_id, session_id, turn_id, "table", "key", "column", 0, 1, (coalesce(accepted, '') = '')::INT
    FROM read_parquet($b)
), places AS (
    SELECT "check", conv_id, session_id, turn_id, "table", "key", "column",
        sum(in_a) AS a, sum(in_b) AS b, sum(open_in_b) AS open_b
    FROM placed GROUP BY ALL
), shown AS (
    SELECT *, {
        'conv_id': left(conv_id, $characters), 'session_id': left(session_id, $characters),
        'turn_id': left(turn_id, $characters), 'table': left("table", $characters),
        'key': left("key", $characters), 'column': left("column", $characters)
    } AS place
    FROM places
)
SELECT "check", sum(a)::BIGINT AS a, sum(b)::BIGINT AS b, sum(least(a, b))::BIGINT AS still,
    sum(open_b)::BIGINT AS open_b, sum(least(open_b, greatest(b - a, 0)))::BIGINT AS added_open,
    coalesce(min(place, $shown) FILTER (b > a), []) AS added_first,
    coalesce(min(place, $shown) FILTER (a > b), []) AS gone_first,
    coalesce(min(place, $shown) FILTER (a > 0 AND b > 0), []) AS still_first
FROM shown GROUP BY "check" ORDER BY "check"
