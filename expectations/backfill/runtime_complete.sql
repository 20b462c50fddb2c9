-- title: Every turn whose metadata names a runtime carries it in runtime_key
-- severity: critical
-- failure: 1 turn lacks the runtime that its metadata names | {n} turns lack the runtime that their metadata names
-- kind: missing
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Run turntruth migrate again; it fills empty values and never overwrites one.
-- breaks: turns: UPDATE turns SET runtime_key = '' WHERE rowid = (SELECT min(rowid) FROM turns WHERE runtime_key <> '')
-- consequence_of: attribution_columns_exist, no_hole_in_run
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    evidence AS expected, value AS found
FROM recoverable_values
WHERE column_name = 'runtime_key' AND value = ''
