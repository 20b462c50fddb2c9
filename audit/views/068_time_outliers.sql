-- One row a turn whose creation time lies years from its conversation, with the time of the conversation's nearest
-- other turn. Only conversations that span more than a year are looked at, and only times that show no wrong unit; 0
-- means not known. A conversation that was taken up again after years is honest: its turns lie in two groups, the later
-- one behind the earlier one in the file (or all the other way round, in a file that was filled from the newest to the
-- oldest). So a turn is an outlier if
--   * it lies more than a year out of the order in which the file was written, and what it contradicts is a bigger
--     group: where the other turns tell in which direction the file was written; after an import in no order none is
--     judged so; or
--   * it alone lies ten years or more from every other turn; of two such turns the one that is farther from the file's
--     average.
CREATE TABLE time_outliers AS
WITH timed AS (
    SELECT conv_id, session_id, turn_id, row_id, created_ms FROM turns
    WHERE created_ms BETWEEN 1 AND 4102444800000
        AND turn_ref NOT IN (SELECT turn_ref FROM stored_times WHERE unit <> '' AND found_table = 'turns')
), long_ones AS (
    SELECT conv_id FROM timed GROUP BY conv_id HAVING max(created_ms) - min(created_ms) > 31622400000
), average AS (
    SELECT avg(created_ms) AS at_ms FROM timed
), spaced AS (
    SELECT *,
        created_ms - lag(created_ms) OVER by_time AS since_ms, lead(created_ms) OVER by_time - created_ms AS until_ms,
        created_ms - lag(created_ms) OVER (PARTITION BY conv_id ORDER BY row_id) AS step_ms
    FROM timed WHERE conv_id IN (SELECT conv_id FROM long_ones)
    WINDOW by_time AS (PARTITION BY conv_id ORDER BY created_ms, turn_id, session_id)
), directions AS (
    -- The order in which the file was written, by steps of less than a year: 1 forwards, -1 backwards, 0 neither.
    SELECT conv_id,
        CASE WHEN sum(CASE WHEN step_ms > 0 THEN 1 ELSE 0 END) >= 0.8 * count(*) THEN 1
             WHEN sum(CASE WHEN step_ms < 0 THEN 1 ELSE 0 END) >= 0.8 * count(*) THEN -1 ELSE 0 END AS direction
    FROM spaced WHERE step_ms BETWEEN -31622400000 AND 31622400000 AND step_ms <> 0 GROUP BY conv_id
), grouped AS (
    SELECT *, sum(CASE WHEN since_ms > 31622400000 THEN 1 ELSE 0 END) OVER
        (PARTITION BY conv_id ORDER BY created_ms, turn_id, session_id ROWS UNBOUNDED PRECEDING) AS group_number
    FROM spaced
), sized AS (
    SELECT conv_id, group_number, count(*) AS turns, min(created_ms) AS from_ms, max(created_ms) AS to_ms
    FROM grouped GROUP BY conv_id, group_number
), extremes AS (
    SELECT g.*, d.direction,
        max(created_ms * direction) OVER (
            PARTITION BY g.conv_id ORDER BY row_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) * direction AS before_ms,
        min(created_ms * direction) OVER (
            PARTITION BY g.conv_id ORDER BY row_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) * direction AS after_ms
    FROM grouped g JOIN directions d USING (conv_id) WHERE d.direction <> 0 AND row_id IS NOT NULL
), contradicted AS (
    SELECT e.conv_id, e.session_id, e.turn_id
    FROM extremes e
    JOIN sized own ON own.conv_id = e.conv_id AND own.group_number = e.group_number
    JOIN sized other ON other.conv_id = e.conv_id
        AND ((e.before_ms - e.created_ms) * e.direction > 31622400000
                AND e.before_ms BETWEEN other.from_ms AND other.to_ms
             OR (e.created_ms - e.after_ms) * e.direction > 31622400000
                AND e.after_ms BETWEEN other.from_ms AND other.to_ms)
    WHERE own.turns < other.turns
), lonely AS (
    SELECT spaced.*, count(*) OVER (PARTITION BY conv_id) AS alike, abs(created_ms - at_ms) AS off_ms
    FROM spaced CROSS JOIN average
    WHERE coalesce(since_ms, until_ms) >= 315576000000 AND coalesce(until_ms, since_ms) >= 315576000000
), alone AS (
    SELECT conv_id, session_id, turn_id FROM lonely
    WHERE alike = 1 OR off_ms > (SELECT min(other.off_ms) FROM lonely other WHERE other.conv_id = lonely.conv_id)
)
SELECT conv_id, session_id, turn_id, created_ms,
    CASE WHEN since_ms IS NULL OR until_ms < since_ms THEN created_ms + until_ms
         ELSE created_ms - since_ms END AS nearest_ms
FROM spaced
WHERE EXISTS (SELECT 1 FROM contradicted c
    WHERE c.conv_id = spaced.conv_id AND c.session_id = spaced.session_id AND c.turn_id = spaced.turn_id)
    OR EXISTS (SELECT 1 FROM alone a
        WHERE a.conv_id = spaced.conv_id AND a.session_id = spaced.session_id AND a.turn_id = spaced.turn_id);
