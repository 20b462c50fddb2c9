-- One row a turn of the file or of the file from before: what was known of it then and now.
--   state  added | removed | filled | changed | emptied | same, by its runtime and its inference together
CREATE VIEW main.changes AS
SELECT coalesce(t.conv_id, b.conv_id) AS conv_id, coalesce(t.session_id, b.session_id) AS session_id,
    coalesce(t.turn_id, b.turn_id) AS turn_id, b.runtime_key AS runtime_before, t.runtime_key AS runtime_after,
    b.inference_id AS inference_before, t.inference_id AS inference_after,
    CASE WHEN b.conv_id IS NULL THEN 'added' WHEN t.conv_id IS NULL THEN 'removed'
         WHEN b.runtime_key = t.runtime_key AND b.inference_id = t.inference_id THEN 'same'
         WHEN b.runtime_key IN ('', t.runtime_key) AND b.inference_id IN ('', t.inference_id) THEN 'filled'
         WHEN t.runtime_key IN ('', b.runtime_key) AND t.inference_id IN ('', b.inference_id) THEN 'emptied'
         ELSE 'changed' END AS state
FROM staged.turns t FULL JOIN staged.baseline_turns b
    ON b.conv_id = t.conv_id AND b.session_id = t.session_id AND b.turn_id = t.turn_id;
