-- title: No undeclared index is unique
-- severity: critical
-- needs: turns
-- identity: role, index_name
-- scans: table_indexes
-- remedy: A unique index makes later saves fail. Drop it.
-- breaks: turns: CREATE UNIQUE INDEX turns_by_rowid_order ON turns (turn_id, conv_id, session_id)
SELECT role, index_name, table_name AS found_table, 'no unique index' AS expected, index_name AS found
FROM table_indexes i
WHERE role <> 'baseline' AND is_unique AND origin <> 'pk'
    AND EXISTS (SELECT 1 FROM declared_columns d WHERE d.role = i.role AND d.table_name = i.table_name)
    AND NOT EXISTS (SELECT 1 FROM declared_indexes d WHERE d.role = i.role AND d.index_name = i.index_name)
