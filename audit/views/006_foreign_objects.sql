-- One row a table, view, trigger, unique index or column that no program of ours makes. known_as says why it is nothing
-- new: the baseline has it too, or, where no baseline was given, it is of a kind that many programs use. NULL is for
-- all others.
CREATE VIEW foreign_objects AS
WITH undeclared AS (
    SELECT role, type, name, table_name, sql AS definition
    FROM schema_objects o
    WHERE type IN ('view', 'trigger')
        OR type = 'table' AND substr(lower(name), 1, 7) <> 'sqlite_' AND substr(lower(name), 1, 10) <> 'turntruth_'
            AND lower(name) <> 'turn_snapshots_legacy'
            AND NOT EXISTS (SELECT 1 FROM declared_columns d WHERE d.table_name = lower(o.name))
    UNION ALL
    SELECT role, 'unique index', index_name, table_name, index_name
    FROM table_indexes i
    WHERE is_unique AND origin <> 'pk'
        AND EXISTS (SELECT 1 FROM declared_columns d WHERE d.role = i.role AND d.table_name = i.table_name)
        AND NOT EXISTS (SELECT 1 FROM declared_indexes d WHERE d.role = i.role AND d.index_name = i.index_name)
    UNION ALL
    SELECT role, 'column', column_name, table_name, type || CASE WHEN hidden <> 0 THEN ' GENERATED' ELSE '' END
    FROM table_columns c
    WHERE EXISTS (SELECT 1 FROM declared_columns d WHERE d.role = c.role AND d.table_name = c.table_name)
        AND NOT EXISTS (SELECT 1 FROM declared_columns d
            WHERE d.role = c.role AND d.table_name = c.table_name AND d.column_name = c.column_name)
), before AS (
    SELECT type, lower(name) AS name, lower(table_name) AS table_name FROM schema_objects WHERE role = 'baseline'
    UNION ALL SELECT 'unique index', lower(index_name), lower(table_name)
        FROM table_indexes WHERE role = 'baseline' AND is_unique
    UNION ALL SELECT 'column', lower(column_name), lower(table_name) FROM table_columns WHERE role = 'baseline'
)
SELECT u.role, u.type, u.name, u.table_name, u.definition, k.kind,
    CASE WHEN u.role = 'turns' AND EXISTS (SELECT 1 FROM before)
        THEN CASE WHEN EXISTS (SELECT 1 FROM before b
            WHERE b.type = u.type AND b.name = lower(u.name) AND b.table_name = lower(u.table_name))
                THEN 'in the baseline too' END
        ELSE k.kind END AS known_as
FROM undeclared u
LEFT JOIN known_kinds k ON k.role = u.role AND k.type = u.type AND k.name = u.name
WHERE u.role <> 'baseline';
