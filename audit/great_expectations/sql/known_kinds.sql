-- SQLite cannot take a definition apart: modules are looked for as texts, and a trigger feeds search tables where every
-- change of rows in its body is one of theirs.
WITH module (module, purpose, endings) AS (
    VALUES ('fts3', 'full-text search', ' content segments segdir docsize stat '),
        ('fts4', 'full-text search', ' content segments segdir docsize stat '),
        ('fts5', 'full-text search', ' data idx content docsize config '),
        ('rtree', 'R*Tree', ' node rowid parent '), ('rtree_i32', 'R*Tree', ' node rowid parent '),
        ('geopoly', 'R*Tree', ' node rowid parent '),
        ('vec0', 'vectors', ' chunks rowids info auxiliary vector_chunks metadatachunks metadatatext '),
        ('spellfix1', 'spelling', ' vocab ')
), virtual AS (
    SELECT o.name, lower(o.name) AS owner, m.module, m.purpose, m.endings
    FROM main.sqlite_schema o JOIN module m
        ON instr(lower(o.sql) || '(', ' using ' || m.module || '(') OR instr(lower(o.sql), ' using ' || m.module || ' ')
    WHERE o.type = 'table' AND o.sql LIKE 'CREATE VIRTUAL TABLE %'
), body AS (
    SELECT name,
        ' ' || replace(replace(lower(substr(sql, instr(upper(sql), 'BEGIN') + 5)), char(10), ' '), '  ', ' ') AS body
    FROM main.sqlite_schema WHERE type = 'trigger'
), change (words) AS (VALUES (' into '), (' delete from '), (' update '), (' select '), ('raise'))
SELECT 'turns' AS role, 'table' AS type, name, purpose || ' (' || module || ')' AS kind
FROM virtual
UNION ALL
SELECT 'turns', 'table', o.name, 'rows of ' || v.owner || ' (' || v.module || ')'
FROM main.sqlite_schema o JOIN virtual v ON substr(lower(o.name), 1, length(v.owner) + 1) = v.owner || '_'
WHERE o.type = 'table' AND o.sql NOT LIKE 'CREATE VIRTUAL TABLE %'
    AND instr(v.endings, ' ' || rtrim(substr(lower(o.name), length(v.owner) + 2), '0123456789') || ' ')
UNION ALL
SELECT 'turns', 'trigger', b.name, 'feeds a search table'
FROM body b
WHERE (SELECT sum(length(b.body) - length(replace(b.body, c.words, substr(c.words, 2)))) FROM change c)
    = (SELECT sum(length(b.body) - length(replace(
            replace(b.body, c.words || v.owner || '(', substr(c.words || v.owner || '(', 2)),
            c.words || v.owner || ' ', substr(c.words || v.owner || ' ', 2))))
        FROM change c JOIN virtual v WHERE c.words <> 'raise')
    AND EXISTS (SELECT 1 FROM change c JOIN virtual v ON instr(b.body, c.words || v.owner))
