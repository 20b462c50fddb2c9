-- The turns of the lanes, around the damage, in the order of their conversation; a turn that only the file from before
-- has stands where its time puts it.
WITH all_turns AS (
    SELECT o.conv_id, o.session_id, o.turn_id, o.created_ms, o.place,
        CASE WHEN e.in_baseline THEN e.baseline_runtime END AS before, e.runtime_key AS after,
        e.evidence_runtime AS evidence
    FROM turn_order o JOIN lane_conversations USING (conv_id) JOIN turn_evidence e USING (turn_ref)
    UNION ALL
    SELECT b.conv_id, b.session_id, b.turn_id, b.created_ms, NULL, b.runtime_key, NULL, NULL
    FROM baseline_turns b JOIN lane_conversations USING (conv_id)
    WHERE NOT EXISTS (FROM turns t
        WHERE t.conv_id = b.conv_id AND t.session_id = b.session_id AND t.turn_id = b.turn_id)
), numbered AS (
    SELECT t.*, CASE WHEN len(d.ranks) > 0 OR len(s.ranks) > 0 THEN list_concat(d.ranks, s.ranks) END AS ranks,
        row_number() OVER (
            PARTITION BY t.conv_id ORDER BY created_ms NULLS FIRST, place NULLS LAST, t.turn_id, t.session_id) AS number
    FROM all_turns t
    LEFT JOIN lane_damage d ON d.conv_id = t.conv_id AND d.session_id = t.session_id AND d.turn_id = t.turn_id
        AND d.turn_id <> '' AND d.session_id <> ''
    -- Some checks name a turn without its session.
    LEFT JOIN lane_damage s ON s.conv_id = t.conv_id AND s.turn_id = t.turn_id AND s.turn_id <> '' AND s.session_id = ''
), distant AS (
    SELECT *, count(*) OVER whole AS turns, count(ranks) OVER whole AS damaged, least(
        number - last_value(CASE WHEN ranks IS NOT NULL THEN number END IGNORE NULLS) OVER (
            PARTITION BY conv_id ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        first_value(CASE WHEN ranks IS NOT NULL THEN number END IGNORE NULLS) OVER (
            PARTITION BY conv_id ORDER BY number ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) - number
    ) AS distance
    FROM numbered
    WINDOW whole AS (PARTITION BY conv_id)
)
-- Without a damaged turn the end is shown, at which the pointer looks.
SELECT conv_id, number, turns, damaged,
    coalesce(left(session_id, $long), '') AS session_id, coalesce(left(turn_id, $long), '') AS turn_id,
    list_sort(list_distinct(ranks)) AS ranks,
    left(before, $long) AS before, left(after, $long) AS after, left(evidence, $long) AS evidence
FROM distant
QUALIFY row_number() OVER (
    PARTITION BY conv_id ORDER BY distance NULLS LAST, CASE WHEN distance IS NULL THEN -number ELSE number END) <= $most
ORDER BY conv_id, number;
