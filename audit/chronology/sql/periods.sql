-- Turns and switches by period and runtime; turns without a time of the years 1970 to 9999 are in none.
--   unit          the shortest of day, month and year that makes no more than $most periods
--   runtime_key   one of the $named most used, '' for unknown, NULL for all others
WITH dated AS (
    SELECT CASE WHEN o.created_ms BETWEEN 1 AND 253402300799999 THEN make_timestamp_ms(o.created_ms) END AS created,
        runtime_key,
        runtime_key <> '' AND runtime_key <> lag(nullif(runtime_key, '') IGNORE NULLS) OVER (
            PARTITION BY o.conv_id ORDER BY place) AS switched
    FROM turn_order o JOIN turn_evidence e USING (turn_ref)
), days AS (
    SELECT CAST(created AS DATE) AS day, runtime_key, count(*) AS turns, count(*) FILTER (switched) AS switches
    FROM dated WHERE created IS NOT NULL GROUP BY ALL
), units AS (
    SELECT CASE WHEN count(DISTINCT day) <= $most THEN 'day'
        WHEN count(DISTINCT date_trunc('month', day)) <= $most THEN 'month' ELSE 'year' END AS unit
    FROM days
), named AS (
    SELECT runtime_key FROM days WHERE runtime_key <> ''
    GROUP BY runtime_key ORDER BY sum(turns) DESC, runtime_key LIMIT $named
)
SELECT unit, left(CAST(day AS VARCHAR), CASE unit WHEN 'day' THEN 10 WHEN 'month' THEN 7 ELSE 4 END) AS label,
    left(CASE WHEN days.runtime_key = '' OR named.runtime_key IS NOT NULL THEN days.runtime_key END, $long) AS runtime,
    CAST(sum(turns) AS BIGINT) AS turns, CAST(sum(switches) AS BIGINT) AS switches
FROM days CROSS JOIN units LEFT JOIN named USING (runtime_key)
GROUP BY ALL ORDER BY label, runtime NULLS LAST;
