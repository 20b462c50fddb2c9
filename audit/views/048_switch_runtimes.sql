-- One row a turn of a conversation with profile_switch entities: the runtime that the switches give it.
-- Entities and turns may carry times of different clocks. A conversation is left out unless its entities lie within the
-- time of its turns (one minute of grace), no switch falls inside a turn, and each switch starts from where the one
-- before led to.
--   switch_runtime   the runtime the switch before the turn led to; before the first switch, where that one came from
CREATE TABLE switch_runtimes AS
WITH spans AS (
    SELECT conv_id, min(created_ms) AS first_ms, max(greatest(created_ms, updated_ms)) AS last_ms
    FROM turns WHERE conv_id IN (SELECT conv_id FROM profile_switches) GROUP BY conv_id
), chained AS (
    SELECT *, lag(to_runtime) OVER (PARTITION BY conv_id ORDER BY version, created_ms, entity_id) AS came_from,
        lag(created_ms) OVER (PARTITION BY conv_id ORDER BY version, created_ms, entity_id) AS came_at
    FROM profile_switches
), doubtful AS (
    SELECT conv_id FROM chained
    WHERE created_ms IS NULL OR from_runtime = '' OR to_runtime = '' OR from_runtime <> came_from
        OR created_ms < came_at
    UNION
    SELECT s.conv_id FROM chained s
    JOIN turns t ON t.conv_id = s.conv_id AND t.created_ms < s.created_ms AND s.created_ms < t.updated_ms
    UNION
    SELECT conv_id FROM spans LEFT JOIN entity_spans e USING (conv_id)
    WHERE e.first_ms IS NULL OR e.first_ms < spans.first_ms - 60000 OR e.last_ms > spans.last_ms + 60000
)
SELECT t.turn_ref, t.conv_id,
    coalesce(arg_max(s.to_runtime, (s.version, s.created_ms, s.entity_id))
            FILTER (WHERE s.version IS NOT NULL AND s.created_ms <= t.created_ms),
        arg_min(s.from_runtime, (s.version, s.created_ms, s.entity_id)) FILTER (WHERE s.version IS NOT NULL)
    ) AS switch_runtime
FROM turns t JOIN profile_switches s ON s.conv_id = t.conv_id
WHERE t.conv_id NOT IN (SELECT conv_id FROM doubtful) AND t.created_ms IS NOT NULL
GROUP BY t.turn_ref, t.conv_id, t.created_ms;
