-- One row a turn and column: the value of runtime_key or inference_id beside its evidence, so that a check is written once.
--   column_name   runtime_key | inference_id
--   value, evidence, kind, origin, era as in turn_evidence
CREATE VIEW attributions AS
SELECT 'runtime_key' AS column_name, turn_ref, row_id, conv_id, session_id, turn_id, created_ms, updated_ms, era, metadata_status,
    runtime_key AS value, evidence_runtime AS evidence, runtime_kind AS kind, runtime_origin AS origin
FROM turn_evidence
UNION ALL
SELECT 'inference_id', turn_ref, row_id, conv_id, session_id, turn_id, created_ms, updated_ms, era, metadata_status,
    inference_id, evidence_inference, inference_kind, inference_origin
FROM turn_evidence;
