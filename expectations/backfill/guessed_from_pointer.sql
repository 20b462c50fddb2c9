-- title: No turn from before the migration took its runtime from the conversation's pointer
-- severity: critical
-- failure: 1 turn got its runtime from the conversation's pointer | {n} turns got their runtime from the conversation's
--   pointer
-- kind: made_up
-- needs: turns, timeline
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: The pointer says what the conversation uses now, not what made this turn. Empty the cells: what cannot be
--   known stays empty.
-- breaks: turns: UPDATE turns SET runtime_key = (SELECT runtime_key FROM turns known WHERE known.conv_id =
--   turns.conv_id AND known.runtime_key <> '' ORDER BY turn_created_at_ms DESC, rowid DESC LIMIT 1) WHERE rowid =
--   (SELECT min(t.rowid) FROM turns t WHERE t.runtime_key = '' AND EXISTS (SELECT 1 FROM turns known WHERE
--   known.conv_id = t.conv_id AND known.runtime_key <> ''))
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    '' AS expected, value AS found
FROM made_up
WHERE likeness = 'pointer'
