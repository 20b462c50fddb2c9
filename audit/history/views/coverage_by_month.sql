-- One row a month of creation (UTC): how many of its turns are known.
--   month                            NULL for turns without a time
--   runtime_known, inference_known   there is a value, and the turn's own metadata agrees, or is silent and a writer
--                                    who knows the columns gave it
CREATE VIEW main.coverage_by_month AS
SELECT date_trunc('month', staged.moment(created_ms)) AS month, count(*) AS turns,
    count(*) FILTER ($runtime_known) AS runtime_known, count(*) FILTER ($inference_known) AS inference_known
FROM staged.turn_evidence GROUP BY month ORDER BY month;
