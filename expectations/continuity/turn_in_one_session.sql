-- title: A turn of a conversation is in one session only
-- severity: critical
-- failure: 1 turn of a conversation is in several sessions | {n} turns of a conversation are in several sessions
-- kind: wrong
-- needs: turns
-- identity: conv_id, turn_id
-- scans: turn_evidence
-- remedy: One of the rows was copied. Compare their block lists and remove the one that no program wrote.
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms,
--   turn_metadata_json, runtime_key, inference_id) SELECT conv_id, 'copied', turn_id, turn_created_at_ms,
--   updated_at_ms, turn_metadata_json, runtime_key, inference_id FROM turns WHERE rowid = (SELECT min(rowid) FROM turns
--   WHERE inference_id = '')
SELECT t.conv_id, t.turn_id, 'turns' AS found_table, 'session_id' AS found_column,
    'one session' AS expected, string_agg(t.session_id, ', ' ORDER BY t.session_id) AS found
FROM turn_evidence t
JOIN (SELECT conv_id, turn_id FROM turn_evidence GROUP BY conv_id, turn_id HAVING count(*) > 1) copied
    ON copied.conv_id IS NOT DISTINCT FROM t.conv_id AND copied.turn_id IS NOT DISTINCT FROM t.turn_id
GROUP BY t.conv_id, t.turn_id
