-- title: There are no tables but the declared ones
-- severity: critical
-- needs: turns
-- identity: role, name
-- scans: schema_objects
-- remedy: A temporary table of a migration that did not end, or another program's. See what it holds before dropping it.
-- breaks: turns: CREATE TABLE turns_new (conv_id TEXT)
SELECT role, name, 'no such table' AS expected, sql AS found
FROM schema_objects o
WHERE type = 'table' AND role <> 'baseline' AND NOT starts_with(lower(name), 'sqlite_') AND NOT starts_with(lower(name), 'turntruth_')
    AND lower(name) <> 'turn_snapshots_legacy'
    AND NOT EXISTS (SELECT 1 FROM declared_columns d WHERE d.table_name = lower(o.name))
