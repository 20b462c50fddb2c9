-- title: Every table can be read to its end
-- severity: critical
-- failure: 1 table cannot be read to its end | {n} tables cannot be read to their end
-- kind: lost
-- needs: turns
-- identity: role, table_name
-- scans: pragmas
-- remedy: What the other checks say of such a table is incomplete. Restore the file from a backup.
-- breaks: turns: ALTER TABLE turntruth_migrations RENAME COLUMN shape TO form
SELECT role, table_name, 'readable' AS expected, problem AS found
FROM unreadable_tables
