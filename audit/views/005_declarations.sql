-- One row a declared column: expected and found as SQLite would write the declaration; found is NULL where it is missing.
CREATE VIEW column_declarations AS
SELECT
    d.role, d.table_name, d.column_name,
    CASE WHEN d.altered_default IS NOT NULL AND c.default_value = d.altered_default
        THEN d.type || ' NOT NULL DEFAULT ' || d.altered_default
        ELSE d.type || CASE WHEN d.not_null THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || d.default_value, '') END AS expected,
    c.type || CASE WHEN c.not_null THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || c.default_value, '')
        || CASE WHEN c.hidden <> 0 THEN ' GENERATED' ELSE '' END AS found
FROM declared_columns d
LEFT JOIN table_columns c ON c.role = d.role AND c.table_name = d.table_name AND c.column_name = d.column_name
WHERE d.role IN (SELECT role FROM schema_objects);

-- One row a declared index: its definition as expected and as found, with everything that changes what it can answer.
CREATE VIEW index_declarations AS
WITH keys AS (
    SELECT role, index_name, string_agg(coalesce(column_name, '<expression>') || CASE WHEN is_descending THEN ' DESC' ELSE '' END
        || CASE WHEN collation_name <> 'BINARY' THEN ' COLLATE ' || collation_name ELSE '' END, ', ' ORDER BY position) AS columns
    FROM index_columns WHERE is_key GROUP BY role, index_name
)
SELECT d.role, d.table_name, d.index_name, d.table_name || '(' || d.columns || ')' AS expected,
    i.table_name || '(' || keys.columns || ')' || CASE WHEN i.is_unique THEN ' UNIQUE' ELSE '' END
        || CASE WHEN i.is_partial THEN ' PARTIAL' ELSE '' END AS found
FROM declared_indexes d
LEFT JOIN table_indexes i ON i.role = d.role AND i.index_name = d.index_name
LEFT JOIN keys ON keys.role = i.role AND keys.index_name = i.index_name
WHERE d.role IN (SELECT role FROM schema_objects);
