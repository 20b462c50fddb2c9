-- One row a turn in the order of its conversation, with its neighbours.
--   previous_runtime, next_runtime      of the turn just before and after, NULL at the ends
--   previous_known, next_known          the nearest non-empty ones, NULL where there is none
--   signal          what the turn's metadata, or else the conversation's profile switches, say its runtime was; NULL if
--                   nothing
--   signal_source   metadata | profile_switch
--   previous_signal, next_signal        of the nearest turns before and after that have one
CREATE TABLE runtime_history AS
WITH said AS (
    SELECT turn_ref, o.conv_id, o.place, o.snapshots, e.runtime_key, e.evidence_runtime, e.era,
        coalesce(nullif(e.evidence_runtime, ''), s.switch_runtime) AS signal,
        CASE WHEN e.evidence_runtime <> '' THEN 'metadata'
             WHEN s.switch_runtime IS NOT NULL THEN 'profile_switch' END AS signal_source
    FROM turn_order o JOIN turn_evidence e USING (turn_ref)
    LEFT JOIN switch_runtimes s USING (turn_ref)
)
SELECT *,
    lag(runtime_key) OVER in_order AS previous_runtime,
    lead(runtime_key) OVER in_order AS next_runtime,
    lag(nullif(runtime_key, '') IGNORE NULLS) OVER in_order AS previous_known,
    lead(nullif(runtime_key, '') IGNORE NULLS) OVER in_order AS next_known,
    lag(signal IGNORE NULLS) OVER in_order AS previous_signal,
    lead(signal IGNORE NULLS) OVER in_order AS next_signal
FROM said
WINDOW in_order AS (PARTITION BY conv_id ORDER BY place);
