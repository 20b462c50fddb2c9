-- title: No runtime_key differs from what the turn's metadata says
-- severity: critical
-- failure: 1 turn has another runtime than its metadata names | {n} turns have another runtime than their metadata
--   names
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Compare with the file from before the migration. Where the metadata is newer than the column, an old program
--   saved into a migrated file: stop it, then set the column from the metadata.
-- breaks: turns: UPDATE turns SET runtime_key = 'somebody-else' WHERE rowid = (SELECT min(rowid) FROM turns WHERE
--   runtime_key <> '')
-- consequence_of: api_values_as_stored, as_seen_before, columns_not_swapped, history_not_relabelled,
--   no_blank_padding, no_phantom_switch, stored_as_text, switch_not_early, switch_not_late
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    evidence AS expected, value AS found
FROM value_differences
WHERE column_name = 'runtime_key' AND kind <> 'explicit'
