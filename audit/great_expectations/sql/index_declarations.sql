-- Aggregates of SQLite before 3.44 take no ORDER BY: they read a sorted subquery instead.
WITH keys AS (
    SELECT role, index_name, group_concat(part, ', ') AS columns
    FROM (
        SELECT role, index_name,
            coalesce(column_name, '<expression>') || CASE WHEN is_descending THEN ' DESC' ELSE '' END
            || CASE WHEN collation_name <> 'BINARY' THEN ' COLLATE ' || collation_name ELSE '' END AS part
        FROM index_columns WHERE is_key ORDER BY role, index_name, position)
    GROUP BY role, index_name
)
SELECT d.role, d.table_name, d.index_name, d.table_name || '(' || d.columns || ')' AS expected,
    i.table_name || '(' || keys.columns || ')' || CASE WHEN i.is_unique THEN ' UNIQUE' ELSE '' END
        || CASE WHEN i.is_partial THEN ' PARTIAL' ELSE '' END AS found
FROM declared_indexes d
LEFT JOIN table_indexes i ON i.role = d.role AND i.index_name = d.index_name
LEFT JOIN keys ON keys.role = i.role AND keys.index_name = i.index_name
WHERE d.role IN (SELECT role FROM schema_objects)
