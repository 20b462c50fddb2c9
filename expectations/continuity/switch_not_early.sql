-- title: No turn carries the runtime of a profile switch that came after it
-- severity: critical
-- failure: 1 turn carries the runtime of a profile switch that came after it | {n} turns carry the runtime of a profile
--   switch that came after them
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: runtime_history
-- remedy: The turn says, by its metadata or by the switch event after it, that the old runtime made it. Set the column
--   from that.
-- consequence_of: runtime_matches_evidence
-- breaks: turns: UPDATE turns SET runtime_key = (SELECT a.runtime_key FROM turns a WHERE a.conv_id = turns.conv_id AND
--   a.turn_created_at_ms > turns.turn_created_at_ms AND a.runtime_key NOT IN ('', turns.runtime_key) ORDER BY
--   a.turn_created_at_ms LIMIT 1) WHERE rowid = (SELECT b.rowid FROM turns b WHERE b.runtime_key <> '' AND (SELECT
--   a.runtime_key FROM turns a WHERE a.conv_id = b.conv_id AND a.turn_created_at_ms > b.turn_created_at_ms ORDER BY
--   a.turn_created_at_ms LIMIT 1) NOT IN ('', b.runtime_key) AND (SELECT c.runtime_key FROM turns c WHERE c.conv_id =
--   b.conv_id AND c.turn_created_at_ms < b.turn_created_at_ms ORDER BY c.turn_created_at_ms DESC LIMIT 1) =
--   b.runtime_key LIMIT 1)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    signal AS expected, runtime_key AS found
FROM runtime_contradictions
WHERE trusted AND runtime_key = next_signal AND runtime_key IS DISTINCT FROM previous_signal
