-- How the turns of each period (UTC) divide among runtimes: their number, and their share of the period from 0 to 1.
SELECT period, runtime_key, counted AS turns, counted / sum(counted) OVER (PARTITION BY period) AS share
FROM (
    SELECT date_trunc($period, created_at) AS period, runtime_key, count(*) AS counted
    FROM turns WHERE created_at IS NOT NULL GROUP BY ALL
)
ORDER BY period, counted DESC, runtime_key
