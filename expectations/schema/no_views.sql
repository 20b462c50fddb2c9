-- title: There are no views
-- severity: critical
-- failure: 1 view is in the file | {n} views are in the file
-- kind: form
-- needs: turns
-- identity: role, name
-- scans: schema_objects
-- remedy: The programs make none, so somebody else reads the file through it. A view by the name of a table hides that
--   the table is gone.
-- breaks: turns: CREATE VIEW turns_view AS SELECT conv_id FROM turns
SELECT role, name, 'no view' AS expected, definition AS found
FROM foreign_objects
WHERE type = 'view' AND known_as IS NULL
