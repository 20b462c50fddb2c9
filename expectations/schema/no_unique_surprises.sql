-- title: No undeclared index is unique
-- severity: critical
-- failure: 1 undeclared index is unique | {n} undeclared indexes are unique
-- kind: form
-- needs: turns
-- identity: role, index_name
-- scans: table_indexes
-- remedy: A unique index makes later saves fail. Drop it.
-- breaks: turns: CREATE UNIQUE INDEX turns_by_rowid_order ON turns (turn_id, conv_id, session_id)
SELECT role, name AS index_name, table_name AS found_table, 'no unique index' AS expected, definition AS found
FROM foreign_objects
WHERE type = 'unique index' AND known_as IS NULL
