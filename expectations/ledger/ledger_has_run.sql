-- title: A file with a ledger has the record of its migration
-- severity: critical
-- failure: The ledger lacks the record of its migration | The ledger lacks the record of its migration
-- kind: lost
-- needs: turns
-- identity: table_name
-- scans: schema_objects
-- remedy: The ledger is there, but the row of the run is not: somebody deleted it, or the migration was killed before
--   its first step. Restore the file from a backup.
-- breaks: turns: DELETE FROM turntruth_migrations WHERE step = 'migration'
SELECT name AS table_name, name AS found_table, 'a row of step migration' AS expected, 'none' AS found
FROM schema_objects
WHERE role = 'turns' AND type = 'table' AND lower(name) = 'turntruth_migrations'
    AND NOT EXISTS (SELECT 1 FROM ledger WHERE step = 'migration')
    AND NOT EXISTS (SELECT 1 FROM unreadable_tables u WHERE u.table_name = 'turntruth_migrations')
