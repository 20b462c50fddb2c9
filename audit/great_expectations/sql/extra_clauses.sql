-- SQLite has no regular expressions of its own: the definition is walked letter by letter, past quoted texts and
-- comments, and what remains is written as words with a space on each side.
WITH RECURSIVE definitions AS (
    SELECT o.role, o.name AS table_name, t.without_rowid, t.strict, o.sql || ' ' AS sql
    FROM schema_objects o JOIN table_facts t ON t.role = o.role AND t.table_name = o.name
    WHERE o.type = 'table' AND EXISTS (SELECT 1 FROM declared_columns d WHERE d.role = o.role AND d.table_name = o.name)
), walk (table_name, sql, place, within, words) AS (
    SELECT table_name, sql, 1, '', ' ' FROM definitions
    UNION ALL
    SELECT table_name, sql,
        place + CASE WHEN within = '' AND substr(sql, place, 2) IN ('--', '/*')
                OR within = '/*' AND substr(sql, place, 2) = '*/'
            THEN 2 ELSE 1 END,
        CASE within
            WHEN '' THEN CASE WHEN substr(sql, place, 1) = '''' THEN '''' WHEN substr(sql, place, 2) IN ('--', '/*')
                THEN substr(sql, place, 2) ELSE '' END
            WHEN '''' THEN CASE WHEN substr(sql, place, 1) = '''' THEN '' ELSE within END
            WHEN '--' THEN CASE WHEN substr(sql, place, 1) = char(10) THEN '' ELSE within END
            ELSE CASE WHEN substr(sql, place, 2) = '*/' THEN '' ELSE within END END,
        words || CASE
            WHEN within <> '' OR substr(sql, place, 1) NOT GLOB '[A-Za-z0-9_(]'
                THEN CASE WHEN substr(words, -1) = ' ' THEN '' ELSE ' ' END
            WHEN substr(sql, place, 1) = '(' THEN CASE WHEN substr(words, -1) = ' ' THEN '( ' ELSE ' ( ' END
            ELSE upper(substr(sql, place, 1)) END
    FROM walk WHERE place <= length(sql)
), read AS (
    SELECT d.role, d.table_name, d.without_rowid, d.strict, replace(w.words, ' COLLATE BINARY ', ' ') AS words
    FROM definitions d JOIN walk w ON w.table_name = d.table_name AND w.place > length(w.sql)
)
SELECT role, table_name, 'CHECK' AS clause FROM read WHERE instr(words, ' CHECK ( ')
UNION ALL SELECT role, table_name, 'COLLATE' FROM read WHERE instr(words, ' COLLATE ')
UNION ALL SELECT role, table_name, 'ON CONFLICT' FROM read WHERE instr(words, ' ON CONFLICT ')
UNION ALL SELECT role, table_name, 'UNIQUE' FROM read WHERE instr(words, ' UNIQUE ')
UNION ALL SELECT role, table_name, 'AUTOINCREMENT' FROM read WHERE instr(words, ' AUTOINCREMENT ')
UNION ALL SELECT role, table_name, 'STRICT' FROM read WHERE strict
UNION ALL SELECT role, table_name, 'WITHOUT ROWID' FROM read WHERE without_rowid
