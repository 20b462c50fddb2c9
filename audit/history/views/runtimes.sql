-- One row a runtime of the file with its use.
--   runtime_key  '' for the turns of which nobody knows
CREATE VIEW main.runtimes AS
SELECT runtime_key, count(*) AS turns, count(DISTINCT conv_id) AS conversations,
    staged.moment(min(created_ms)) AS first_created_at, staged.moment(max(created_ms)) AS last_created_at,
    min(created_ms) AS first_created_ms, max(created_ms) AS last_created_ms
FROM staged.turns GROUP BY runtime_key;
