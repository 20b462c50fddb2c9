-- title: No table has columns beyond the declared ones
-- severity: critical
-- needs: turns
-- identity: table_name, column_name
-- scans: table_columns
-- remedy: Find out which program added the column. Drop it if nobody uses it; a generated column can change what every reader sees.
-- breaks: turns: ALTER TABLE turns ADD COLUMN runtime_key_old TEXT
SELECT c.table_name, c.column_name, c.table_name AS found_table, c.column_name AS found_column,
    'no such column' AS expected, c.type || CASE WHEN c.hidden <> 0 THEN ' GENERATED' ELSE '' END AS found
FROM table_columns c
WHERE c.role <> 'baseline'
    AND EXISTS (SELECT 1 FROM declared_columns d WHERE d.role = c.role AND d.table_name = c.table_name)
    AND NOT EXISTS (SELECT 1 FROM declared_columns d
        WHERE d.role = c.role AND d.table_name = c.table_name AND d.column_name = c.column_name)
