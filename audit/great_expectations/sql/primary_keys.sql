SELECT t.role, t.table_name,
    (SELECT group_concat(column_name, ', ') FROM (SELECT column_name FROM declared_columns d
        WHERE d.role = t.role AND d.table_name = t.table_name AND d.key_position > 0
        ORDER BY d.key_position)) AS expected,
    (SELECT group_concat(column_name, ', ') FROM (SELECT column_name FROM table_columns c
        WHERE c.role = t.role AND c.table_name = t.table_name AND c.key_position > 0 ORDER BY c.key_position)) AS found
FROM table_facts t
WHERE t.type = 'table'
    AND EXISTS (SELECT 1 FROM declared_columns d WHERE d.role = t.role AND d.table_name = t.table_name)
