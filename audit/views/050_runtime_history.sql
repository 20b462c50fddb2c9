-- One row a turn in the order of its conversation, with its neighbours.
--   previous_runtime, next_runtime      of the turn just before and after, NULL at the ends
--   previous_known, next_known          the nearest non-empty ones, NULL where there is none
--   previous_evidence, next_evidence    what the metadata of the turn just before and after says
CREATE VIEW runtime_history AS
SELECT
    e.turn_ref, e.conv_id, e.session_id, e.turn_id, o.place, e.created_ms, o.snapshots, e.runtime_key, e.evidence_runtime,
    e.runtime_origin, e.era,
    lag(e.runtime_key) OVER turns_in_order AS previous_runtime,
    lead(e.runtime_key) OVER turns_in_order AS next_runtime,
    lag(nullif(e.runtime_key, '') IGNORE NULLS) OVER turns_in_order AS previous_known,
    lead(nullif(e.runtime_key, '') IGNORE NULLS) OVER turns_in_order AS next_known,
    lag(e.evidence_runtime) OVER turns_in_order AS previous_evidence,
    lead(e.evidence_runtime) OVER turns_in_order AS next_evidence
FROM turn_evidence e JOIN turn_order o USING (turn_ref, row_id)
WINDOW turns_in_order AS (PARTITION BY e.conv_id ORDER BY o.place);
