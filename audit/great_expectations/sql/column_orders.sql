WITH placed AS (
    SELECT d.role, d.table_name, d.column_name, c.position AS found_at, d.position AS declared_at
    FROM declared_columns d
    JOIN table_columns c ON c.role = d.role AND c.table_name = d.table_name AND c.column_name = d.column_name
    WHERE d.table_name <> 'turns' OR d.column_name NOT IN (/*each column by ", "*/'{column}'/*end column*/)
), tables AS (
    SELECT DISTINCT role, table_name FROM placed
)
SELECT role, table_name,
    (SELECT group_concat(column_name, ', ') FROM (SELECT column_name FROM placed p
        WHERE p.role = t.role AND p.table_name = t.table_name ORDER BY found_at)) AS found,
    (SELECT group_concat(column_name, ', ') FROM (SELECT column_name FROM placed p
        WHERE p.role = t.role AND p.table_name = t.table_name ORDER BY declared_at)) AS expected,
    NULL AS found_before
FROM tables t
