-- One row a column of a table, as SQLite takes its declaration: the affinity of its type, and a default that is one
-- text with the quotes that texts have and without brackets around it. A name where a default stands is a text to
-- SQLite.
CREATE VIEW column_meanings AS
WITH bare AS (
    SELECT *, upper(type) AS type_words, trim(default_value, ' ()') AS bare_default FROM table_columns
)
SELECT role, table_name, column_name, type, not_null, hidden,
    CASE WHEN type_words LIKE '%INT%' THEN 'INTEGER'
         WHEN type_words LIKE '%CHAR%' OR type_words LIKE '%CLOB%' OR type_words LIKE '%TEXT%' THEN 'TEXT'
         WHEN type_words = '' OR type_words LIKE '%BLOB%' THEN 'BLOB'
         WHEN type_words LIKE '%REAL%' OR type_words LIKE '%FLOA%' OR type_words LIKE '%DOUB%' THEN 'REAL'
         ELSE 'NUMERIC' END AS affinity,
    CASE WHEN length(bare_default) > 1 AND bare_default LIKE '"%"'
         THEN '''' || replace(replace(substr(bare_default, 2, length(bare_default) - 2), '""', '"'), '''', '''''')
             || ''''
         ELSE bare_default END AS default_value
FROM bare;

-- One row a declared column: expected and found as SQLite would write the declaration; found is NULL where it is
-- missing. What means the same in other words is found as it is declared: VARCHAR(64) is stored as TEXT is.
CREATE VIEW column_declarations AS
SELECT
    d.role, d.table_name, d.column_name,
    CASE WHEN d.altered_default IS NOT NULL AND c.default_value = d.altered_default
        THEN d.type || ' NOT NULL DEFAULT ' || d.altered_default
        ELSE d.type || CASE WHEN d.not_null THEN ' NOT NULL' ELSE '' END
            || coalesce(' DEFAULT ' || d.default_value, '') END AS expected,
    CASE WHEN c.affinity = d.type THEN d.type ELSE c.type END
        || CASE WHEN c.not_null THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || c.default_value, '')
        || CASE WHEN c.hidden <> 0 THEN ' GENERATED' ELSE '' END AS found
FROM declared_columns d
LEFT JOIN column_meanings c ON c.role = d.role AND c.table_name = d.table_name AND c.column_name = d.column_name
WHERE d.role IN (SELECT role FROM schema_objects);

-- One row a declared index: its definition as expected and as found, with everything that changes what it can answer.
CREATE VIEW index_declarations AS
WITH keys AS (
    SELECT role, index_name,
        string_agg(coalesce(column_name, '<expression>') || CASE WHEN is_descending THEN ' DESC' ELSE '' END
            || CASE WHEN collation_name <> 'BINARY' THEN ' COLLATE ' || collation_name ELSE '' END, ', '
            ORDER BY position) AS columns
    FROM index_columns WHERE is_key GROUP BY role, index_name
)
SELECT d.role, d.table_name, d.index_name, d.table_name || '(' || d.columns || ')' AS expected,
    i.table_name || '(' || keys.columns || ')' || CASE WHEN i.is_unique THEN ' UNIQUE' ELSE '' END
        || CASE WHEN i.is_partial THEN ' PARTIAL' ELSE '' END AS found
FROM declared_indexes d
LEFT JOIN table_indexes i ON i.role = d.role AND i.index_name = d.index_name
LEFT JOIN keys ON keys.role = i.role AND keys.index_name = i.index_name
WHERE d.role IN (SELECT role FROM schema_objects);

-- One row a table that exists: its columns in the order found, as declared, and as the file from before has them. The
-- columns that metadata fills may stand anywhere, for people added them in their own ways; so may columns that are not
-- declared.
CREATE VIEW column_orders AS
WITH placed AS (
    SELECT d.role, d.table_name, d.column_name, c.position AS found_at, b.position AS found_before_at,
        d.position AS declared_at
    FROM declared_columns d
    JOIN table_columns c ON c.role = d.role AND c.table_name = d.table_name AND c.column_name = d.column_name
    LEFT JOIN table_columns b ON b.role = 'baseline' AND d.role = 'turns' AND b.table_name = d.table_name
        AND b.column_name = d.column_name
    WHERE d.table_name <> 'turns' OR d.column_name NOT IN (/*each column by ", "*/'{column}'/*end column*/)
)
SELECT role, table_name,
    string_agg(column_name, ', ' ORDER BY found_at) AS found,
    string_agg(column_name, ', ' ORDER BY declared_at) AS expected,
    string_agg(column_name, ', ' ORDER BY found_before_at) FILTER (WHERE found_before_at IS NOT NULL) AS found_before
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
        string_agg(column_name || '>' || coalesce(parent_column, column_name), ', ' ORDER BY position)
            || ' ON DELETE ' || min(on_delete)
            || CASE WHEN min(on_update) <> 'NO ACTION' THEN ' ON UPDATE ' || min(on_update) ELSE '' END
            AS definition
    FROM foreign_keys GROUP BY role, table_name, parent, key_number
)
SELECT d.table_name, d.parent,
    d.columns || ' ON DELETE ' || d.on_delete AS expected,
    string_agg(found.definition, '; ' ORDER BY found.definition) AS found
FROM declared_foreign_keys d
LEFT JOIN found ON found.role = 'turns' AND found.table_name = d.table_name AND found.parent = d.parent
WHERE EXISTS (SELECT 1 FROM table_facts t WHERE t.role = 'turns' AND t.table_name = d.table_name)
GROUP BY d.table_name, d.parent, d.columns, d.on_delete;

-- One row a clause in the definition of a declared table that its declaration does not have. Comments and quoted texts
-- are taken out first, and the collation that texts have anyway.
CREATE VIEW extra_clauses AS
WITH definitions AS (
    SELECT o.role, o.name AS table_name, t.without_rowid, t.strict,
        regexp_replace(
            upper(regexp_replace(regexp_replace(o.sql, '''[^'']*''', '', 'g'), '--[^\n]*|/\*.*?\*/', '', 'gs')),
            '\bCOLLATE\s+BINARY\b', '', 'g') AS definition
    FROM schema_objects o JOIN table_facts t ON t.role = o.role AND t.table_name = o.name
    WHERE o.type = 'table'
        AND EXISTS (SELECT 1 FROM declared_columns d
            WHERE d.role = CASE WHEN o.role = 'baseline' THEN 'turns' ELSE o.role END AND d.table_name = o.name)
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
