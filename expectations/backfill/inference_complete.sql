-- title: Every turn whose metadata names an inference carries it in inference_id
-- severity: critical
-- failure: 1 turn lacks the inference id that its metadata names | {n} turns lack the inference id that their metadata
--   names
-- kind: missing
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Run turntruth migrate again; it fills empty values and never overwrites one.
-- breaks: turns: UPDATE turns SET inference_id = '' WHERE rowid = (SELECT max(rowid) FROM turns WHERE inference_id <>
--   '')
-- consequence_of: attribution_columns_exist, completion_true
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'inference_id' AS found_column,
    evidence AS expected, value AS found
FROM recoverable_values
WHERE column_name = 'inference_id' AND value = ''
