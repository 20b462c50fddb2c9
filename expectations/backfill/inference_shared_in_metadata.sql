-- title: No two turns name the same inference in their metadata
-- severity: warning
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: The columns are faithful; the writer copied the metadata of one turn to another, or made up a constant id.
-- breaks: turns: UPDATE turns SET inference_id = (SELECT inference_id FROM turns WHERE inference_id <> '' ORDER BY rowid LIMIT 1), turn_metadata_json = json_object('geppetto.inference_id@v1', (SELECT inference_id FROM turns WHERE inference_id <> '' ORDER BY rowid LIMIT 1)) WHERE rowid = (SELECT max(rowid) FROM turns WHERE runtime_key = '' AND inference_id <> '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'inference_id' AS found_column,
    'an id of its own' AS expected, inference_id AS found
FROM shared_inferences
WHERE proven
    AND inference_id IN (SELECT inference_id FROM shared_inferences WHERE proven GROUP BY inference_id HAVING count(*) > 1)
