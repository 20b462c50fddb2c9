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

-- One row a table that exists: its columns in order as found, and the two orders that are right: as created, or with the two
-- attribution columns at the end, as ALTER TABLE puts them. Columns that are missing or undeclared are left out of both.
CREATE VIEW column_orders AS
WITH placed AS (
    SELECT d.role, d.table_name, d.column_name, c.position AS found_at,
        row_number() OVER (PARTITION BY d.role, d.table_name ORDER BY d.position) AS declared_at,
        d.table_name = 'turns' AND d.column_name IN ('runtime_key', 'inference_id') AS attribution
    FROM declared_columns d
    JOIN table_columns c ON c.role = d.role AND c.table_name = d.table_name AND c.column_name = d.column_name
)
SELECT role, table_name,
    string_agg(column_name, ', ' ORDER BY found_at) AS found,
    string_agg(column_name, ', ' ORDER BY declared_at) AS expected,
    string_agg(column_name, ', ' ORDER BY attribution, declared_at) AS expected_altered
FROM placed GROUP BY role, table_name;

-- One row a declared table that exists: the columns of its primary key, in the order of the key.
CREATE VIEW primary_keys AS
SELECT d.role, d.table_name,
    string_agg(d.column_name, ', ' ORDER BY d.key_position) FILTER (WHERE d.key_position > 0) AS expected,
    (SELECT string_agg(c.column_name, ', ' ORDER BY c.key_position) FROM table_columns c
     WHERE c.role = d.role AND c.table_name = d.table_name AND c.key_position > 0) AS found
FROM declared_columns d
WHERE EXISTS (SELECT 1 FROM table_facts t WHERE t.role = d.role AND t.table_name = d.table_name AND t.type = 'table')
GROUP BY d.role, d.table_name;

-- One row a declared foreign key of a table that exists.
CREATE VIEW foreign_key_declarations AS
WITH found AS (
    SELECT role, table_name, parent, key_number,
        string_agg(column_name || '>' || coalesce(parent_column, column_name), ', ' ORDER BY position) || ' ON DELETE ' || any_value(on_delete)
            || CASE WHEN any_value(on_update) <> 'NO ACTION' THEN ' ON UPDATE ' || any_value(on_update) ELSE '' END AS definition
    FROM foreign_keys GROUP BY role, table_name, parent, key_number
)
SELECT d.table_name, d.parent, d.columns || ' ON DELETE ' || d.on_delete AS expected, string_agg(found.definition, '; ') AS found
FROM declared_foreign_keys d
LEFT JOIN found ON found.role = 'turns' AND found.table_name = d.table_name AND found.parent = d.parent
WHERE EXISTS (SELECT 1 FROM table_facts t WHERE t.role = 'turns' AND t.table_name = d.table_name)
GROUP BY d.table_name, d.parent, d.columns, d.on_delete;

-- One row a clause in the definition of a declared table that its declaration does not have. Comments and quoted texts are
-- taken out first.
CREATE VIEW extra_clauses AS
WITH definitions AS (
    SELECT o.role, o.name AS table_name, t.without_rowid, t.strict,
        upper(regexp_replace(regexp_replace(o.sql, '''[^'']*''', '', 'g'), '--[^\n]*|/\*.*?\*/', '', 'gs')) AS definition
    FROM schema_objects o JOIN table_facts t ON t.role = o.role AND t.table_name = o.name
    WHERE o.type = 'table' AND o.role <> 'baseline'
        AND EXISTS (SELECT 1 FROM declared_columns d WHERE d.role = o.role AND d.table_name = o.name)
), clauses AS (
    SELECT role, table_name, unnest([
        CASE WHEN regexp_matches(definition, '\bCHECK\s*\(') THEN 'CHECK' END,
        CASE WHEN regexp_matches(definition, '\bCOLLATE\b') THEN 'COLLATE' END,
        CASE WHEN regexp_matches(definition, '\bON\s+CONFLICT\b') THEN 'ON CONFLICT' END,
        CASE WHEN regexp_matches(definition, '\bUNIQUE\b') THEN 'UNIQUE' END,
        CASE WHEN regexp_matches(definition, '\bAUTOINCREMENT\b') THEN 'AUTOINCREMENT' END,
        CASE WHEN strict THEN 'STRICT' END,
        CASE WHEN without_rowid THEN 'WITHOUT ROWID' END
    ]) AS clause
    FROM definitions
)
SELECT role, table_name, clause FROM clauses WHERE clause IS NOT NULL;
