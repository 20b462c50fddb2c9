-- title: No turn from before the migration took its value from another turn of its conversation
-- severity: critical
-- failure: 1 turn got a value of another turn of its conversation | {n} turns got a value of another turn of their
--   conversation
-- kind: made_up
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: A neighbour's runtime is a guess, a neighbour's inference is wrong. Empty the cells: what cannot be known
--   stays empty.
-- breaks: turns: UPDATE turns SET runtime_key = (SELECT a.runtime_key FROM turns a WHERE a.conv_id = turns.conv_id AND
--   a.runtime_key <> '' ORDER BY turn_created_at_ms, rowid LIMIT 1) WHERE rowid = (SELECT t.rowid FROM turns t WHERE
--   t.runtime_key = '' AND (SELECT a.runtime_key FROM turns a WHERE a.conv_id = t.conv_id AND a.runtime_key <> '' ORDER
--   BY turn_created_at_ms, rowid LIMIT 1) <> (SELECT a.runtime_key FROM turns a WHERE a.conv_id = t.conv_id AND
--   a.runtime_key <> '' ORDER BY turn_created_at_ms DESC, rowid DESC LIMIT 1) LIMIT 1)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column, '' AS expected, value AS found
FROM made_up
WHERE likeness = 'neighbour'
