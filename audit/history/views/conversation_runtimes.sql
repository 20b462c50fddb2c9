-- One row a conversation and runtime of it: how much it used it.
--   runtime_key  '' for its turns of which nobody knows
CREATE VIEW main.conversation_runtimes AS
SELECT conv_id, runtime_key, count(*) AS turns,
    staged.moment(min(created_ms)) AS first_created_at, staged.moment(max(created_ms)) AS last_created_at,
    min(created_ms) AS first_created_ms, max(created_ms) AS last_created_ms
FROM staged.turns GROUP BY conv_id, runtime_key;
