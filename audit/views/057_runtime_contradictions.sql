-- One row a turn whose known runtime is not the one that the signals give it.
--   trusted     false where a live writer may have given a value that metadata does not have
CREATE TABLE runtime_contradictions AS
SELECT h.turn_ref, t.conv_id, t.session_id, t.turn_id, h.runtime_key, h.signal, h.signal_source, h.previous_signal,
    h.next_signal, coalesce(d.kind <> 'explicit', true) AS trusted
FROM runtime_history h JOIN turns t USING (turn_ref)
LEFT JOIN value_differences d ON d.turn_ref = h.turn_ref AND d.column_name = 'runtime_key'
WHERE h.runtime_key <> '' AND h.runtime_key <> h.signal;
