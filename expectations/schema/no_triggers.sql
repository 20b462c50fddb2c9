-- title: There are no triggers
-- severity: critical
-- failure: 1 trigger is in the file | {n} triggers are in the file
-- kind: form
-- needs: turns
-- identity: role, name
-- scans: schema_objects
-- remedy: A trigger changes what programs write without their knowing. Read it, then drop it.
-- breaks: turns: CREATE TRIGGER keep_runtime AFTER UPDATE ON turns BEGIN UPDATE turns SET runtime_key = old.runtime_key
--   WHERE rowid = old.rowid; END
-- consequence_of: default_applies
SELECT role, name, table_name AS found_table, 'no trigger' AS expected, definition AS found
FROM foreign_objects
WHERE type = 'trigger' AND known_as IS NULL
