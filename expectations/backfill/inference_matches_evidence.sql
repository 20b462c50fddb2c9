-- title: No inference_id differs from what the turn's metadata says
-- severity: critical
-- failure: 1 turn has another inference id than its metadata names | {n} turns have another inference id than their
--   metadata names
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Compare with the file from before the migration. Where the metadata is newer than the column, an old program
--   saved into a migrated file: stop it, then set the column from the metadata.
-- breaks: turns: UPDATE turns SET inference_id = inference_id || '0' WHERE rowid = (SELECT max(rowid) FROM turns WHERE
--   inference_id <> '')
-- consequence_of: columns_not_swapped, no_invisible_characters
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'inference_id' AS found_column,
    evidence AS expected, value AS found
FROM value_differences
WHERE column_name = 'inference_id' AND kind <> 'explicit'
