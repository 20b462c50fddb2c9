-- One row a turn: its values beside what its own metadata says, and who wrote them.
--   evidence_runtime, evidence_inference  what the metadata names; '' where it names nothing
--   runtime_kind, inference_kind          how it says so: text | map | profile | alias | ''
--   runtime_origin, inference_origin      who wrote the value: migration | live | unknown
--   metadata_status                       object | unknown | malformed
CREATE VIEW main.evidence AS
SELECT e.conv_id, e.session_id, e.turn_id, o.place, staged.moment(e.created_ms) AS created_at, e.created_ms,
    e.runtime_key, e.evidence_runtime, e.runtime_kind, e.runtime_origin,
    e.inference_id, e.evidence_inference, e.inference_kind, e.inference_origin, e.metadata_status
FROM staged.turn_evidence e
JOIN staged.turn_order o ON o.turn_ref = e.turn_ref AND o.row_id IS NOT DISTINCT FROM e.row_id;
