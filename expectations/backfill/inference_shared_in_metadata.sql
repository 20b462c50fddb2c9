-- title: No two turns name the same inference in their metadata
-- severity: warning
-- failure: 1 turn names an inference that another turn names too | {n} turns name an inference that another turn names
--   too
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: The columns are faithful; the writer copied the metadata of one turn to another, or made up a constant id.
-- breaks: turns: UPDATE turns SET inference_id = 'one-for-two', turn_metadata_json = json_set(turn_metadata_json,
--   '$."geppetto.inference_id@v1"', 'one-for-two') WHERE rowid IN (SELECT rowid FROM turns WHERE turn_metadata_json
--   LIKE '%geppetto.inference_id@v1%' ORDER BY rowid LIMIT 2)
-- consequence_of: turns_not_copied
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'inference_id' AS found_column,
    'an id of its own' AS expected, inference_id AS found
FROM shared_inferences
WHERE proven
    AND inference_id IN (
        SELECT inference_id FROM shared_inferences WHERE proven GROUP BY inference_id HAVING count(*) > 1)
