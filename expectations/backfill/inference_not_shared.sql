-- title: No two turns share an inference id, unless the metadata of both says so
-- severity: critical
-- failure: 1 turn has the inference id of another turn | {n} turns have an inference id of another turn
-- kind: made_up
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Each inference makes one turn. Empty the id of the turns whose metadata does not give it.
-- consequence_of: attribution_columns_exist, inference_matches_evidence
-- breaks: turns: UPDATE turns SET inference_id = (SELECT inference_id FROM turns WHERE inference_id <> '' ORDER BY
--   rowid DESC LIMIT 1) WHERE rowid = (SELECT min(rowid) FROM turns WHERE inference_id = '' AND turn_metadata_json NOT
--   LIKE '%inference_id%')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'inference_id' AS found_column,
    'an id of its own' AS expected, inference_id AS found
FROM shared_inferences
WHERE NOT proven
