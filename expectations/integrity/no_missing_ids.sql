-- title: No turn is without conversation, session or turn id, and none of them is padded
-- severity: critical
-- failure: 1 turn is without a conversation, session or turn id of its own | {n} turns are without a conversation,
--   session or turn id of their own
-- kind: lost
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Programs trim what they look for and never find such a turn. Restore the id from a backup.
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, runtime_key)
--   SELECT conv_id, session_id || ' ', 'padded-turn-' || n, 4102444799999 + n, 4102444799999 + n, runtime_key
--   FROM turns, (SELECT 0 AS n UNION ALL SELECT 1) WHERE turns.rowid
--   = (SELECT rowid FROM turns WHERE runtime_key <> '' ORDER BY turn_created_at_ms DESC LIMIT 1)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table,
    concat_ws(', ', CASE WHEN coalesce(conv_id, '') = '' OR conv_id <> go_trim(conv_id) THEN 'conv_id' END,
        CASE WHEN coalesce(session_id, '') = '' OR session_id <> go_trim(session_id) THEN 'session_id' END,
        CASE WHEN coalesce(turn_id, '') = '' OR turn_id <> go_trim(turn_id) THEN 'turn_id' END) AS found_column,
    'three trimmed ids' AS expected, concat_ws(', ', conv_id, session_id, turn_id) AS found
FROM turn_evidence
WHERE coalesce(conv_id, '') = '' OR coalesce(session_id, '') = '' OR coalesce(turn_id, '') = ''
    OR conv_id <> go_trim(conv_id) OR session_id <> go_trim(session_id) OR turn_id <> go_trim(turn_id)
