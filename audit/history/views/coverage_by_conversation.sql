-- One row a conversation: how many of its turns are known, the least known first.
--   runtime_known, inference_known   there is a value, and the turn's own metadata agrees, or is silent and a writer
--                                    who knows the columns gave it
CREATE VIEW main.coverage_by_conversation AS
SELECT conv_id, count(*) AS turns,
    count(*) FILTER ($runtime_known) AS runtime_known, count(*) FILTER ($inference_known) AS inference_known
FROM staged.turn_evidence GROUP BY conv_id ORDER BY count(*) FILTER (NOT $runtime_known) DESC, conv_id;
