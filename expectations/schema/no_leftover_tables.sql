-- title: There are no tables but the declared ones
-- severity: critical
-- failure: 1 table is none of the declared ones | {n} tables are none of the declared ones
-- kind: form
-- needs: turns
-- identity: role, name
-- scans: schema_objects
-- remedy: A temporary table of a migration that did not end, or another program's. See what it holds before dropping
--   it.
-- breaks: turns: CREATE TABLE turns_new (conv_id TEXT)
SELECT role, name, 'no such table' AS expected, definition AS found
FROM foreign_objects
WHERE type = 'table' AND known_as IS NULL
