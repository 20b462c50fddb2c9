-- title: The migration left nothing that it could have filled
-- severity: warning
-- failure: 1 step of the migration left something that it could have filled | {n} steps of the migration left something
--   that they could have filled
-- kind: missing
-- needs: turns, ledger
-- identity: migration_id, step
-- scans: ledger
-- remedy: Run turntruth migrate again; if the residue stays, see what the checks of the suite backfill name.
-- breaks: turns: UPDATE turntruth_migrations SET state = 'completed_with_residue' WHERE step = 'migration'
SELECT migration_id, step, 'turntruth_migrations' AS found_table, 'state' AS found_column,
    'completed' AS expected, state AS found
FROM last_migration
WHERE state = 'completed_with_residue'
