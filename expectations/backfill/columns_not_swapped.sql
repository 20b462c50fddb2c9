-- title: No turn has its runtime in inference_id or its inference in runtime_key
-- severity: critical
-- failure: 1 turn has its runtime and its inference in each other's column | {n} turns have their runtime and their
--   inference in each other's column
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Swap the two values back; then look for the statement that named the columns in the wrong order.
-- breaks: turns: UPDATE turns SET runtime_key = inference_id, inference_id = runtime_key WHERE rowid = (SELECT
--   min(rowid) FROM turns WHERE runtime_key <> '' AND inference_id <> '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key, inference_id' AS found_column,
    evidence_runtime || ', ' || evidence_inference AS expected, runtime_key || ', ' || inference_id AS found
FROM turn_evidence
WHERE (runtime_key <> '' AND runtime_key = evidence_inference AND runtime_key <> evidence_runtime)
    OR (inference_id <> '' AND inference_id = evidence_runtime AND inference_id <> evidence_inference)
