-- One row a turn whose inference id another turn has as well. Each inference makes one turn.
--   sharers    how many turns have the id
--   proven     the turn's own metadata gives it this id
CREATE TABLE shared_inferences AS
WITH shared AS (
    SELECT inference_id, count(*) AS sharers FROM turns WHERE inference_id <> '' GROUP BY inference_id
    HAVING count(*) > 1
)
SELECT t.conv_id, t.session_id, t.turn_id, t.inference_id, shared.sharers,
    t.inference_evidence = t.inference_id AS proven
FROM turns t JOIN shared USING (inference_id);
