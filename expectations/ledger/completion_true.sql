-- title: A migration that calls itself completed has filled everything
-- severity: critical
-- failure: 1 migration calls itself completed and has not filled everything | {n} migrations call themselves completed
--   and have not filled everything
-- kind: missing
-- needs: turns, ledger
-- identity: migration_id
-- scans: recoverable_values
-- remedy: The ledger says completed, yet recoverable values of turns from before it are empty. Run turntruth migrate
--   again and find out what emptied them.
-- breaks: turns: UPDATE turns SET inference_id = '' WHERE rowid = (SELECT max(rowid) FROM turns WHERE inference_id <>
--   '')
-- consequence_of: attribution_columns_exist, inference_complete, no_hole_in_run, runtime_complete, stored_as_text
SELECT m.migration_id, 'turntruth_migrations' AS found_table, 'state' AS found_column,
    'completed_with_residue' AS expected, m.state || ', but ' || count(*) || ' values are empty' AS found
FROM last_migration m JOIN recoverable_values r ON r.value = '' AND r.era = 'before'
WHERE m.state = 'completed'
GROUP BY m.migration_id, m.state
