-- title: No turn is a copy of another one
-- severity: critical
-- failure: 1 turn is a copy of another one | {n} turns are copies of others
-- kind: made_up
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Same inference, same times, other ids: the row was inserted by hand or by a faulty import. Remove it.
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms,
--   turn_metadata_json, runtime_key, inference_id) SELECT conv_id, session_id, 'copied-turn', turn_created_at_ms,
--   updated_at_ms, turn_metadata_json, runtime_key, inference_id FROM turns WHERE rowid = (SELECT min(rowid) FROM turns
--   WHERE runtime_key <> '' AND inference_id <> '')
SELECT copy.conv_id, copy.session_id, copy.turn_id, 'turns' AS found_table,
    'no other turn like ' || arg_min(original.turn_id, original.row_id) AS expected, copy.inference_id AS found
FROM turn_evidence copy JOIN turn_evidence original ON original.inference_id = copy.inference_id
    AND original.created_ms = copy.created_ms AND original.updated_ms = copy.updated_ms
    AND original.row_id < copy.row_id
WHERE copy.inference_id IN (SELECT inference_id FROM shared_inferences)
GROUP BY ALL
