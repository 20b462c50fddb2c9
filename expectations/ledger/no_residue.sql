-- title: The migration left nothing that it could have filled
-- severity: warning
-- needs: turns, ledger
-- identity: migration_id, step
-- scans: ledger
-- remedy: Run turntruth migrate again; if the residue stays, see what the checks of the suite backfill name.
-- breaks: turns: UPDATE turntruth_migrations SET state = 'completed_with_residue' WHERE step = 'migration'
SELECT migration_id, step, 'turntruth_migrations' AS found_table, 'state' AS found_column,
    'completed' AS expected, state AS found
FROM last_migration
WHERE state = 'completed_with_residue'
