-- One row a turn with a signal: what the turn's metadata, or else the conversation's profile switches, say its runtime was.
--   signal                              the runtime it should have
--   source                              metadata | profile_switch
--   previous_signal, next_signal        of the nearest turns before and after that have one; NULL at the ends
--   trusted                             false where a live writer may have given a value that metadata does not have
CREATE VIEW runtime_signals AS
WITH said AS (
    SELECT h.*, s.switch_runtime,
        coalesce(nullif(h.evidence_runtime, ''), s.switch_runtime) AS signal,
        CASE WHEN h.evidence_runtime <> '' THEN 'metadata' ELSE 'profile_switch' END AS source
    FROM runtime_history h LEFT JOIN switch_runtimes s USING (turn_ref, conv_id)
)
SELECT
    said.turn_ref, said.conv_id, said.session_id, said.turn_id, place, runtime_key, signal, source,
    lag(signal) OVER in_order AS previous_signal, lead(signal) OVER in_order AS next_signal,
    coalesce(d.kind <> 'explicit', true) AS trusted
FROM said LEFT JOIN value_differences d ON d.turn_ref = said.turn_ref AND d.column_name = 'runtime_key'
WHERE signal IS NOT NULL
WINDOW in_order AS (PARTITION BY said.conv_id ORDER BY place);
