-- title: The migration came to its end
-- severity: critical
-- failure: 1 step of the migration has not come to its end | {n} steps of the migration have not come to their end
-- kind: missing
-- needs: turns, ledger
-- identity: migration_id, step
-- scans: ledger
-- remedy: Run turntruth migrate again; it goes on where it stopped.
-- consequence_of: inference_complete, runtime_complete
-- breaks: turns: UPDATE turntruth_migrations SET state = 'running', finished_at_ms = 0 WHERE step = 'migration'
SELECT migration_id, step, 'turntruth_migrations' AS found_table, 'state' AS found_column,
    'completed' AS expected, state AS found
FROM last_migration
WHERE state NOT IN ('completed', 'completed_with_residue')
