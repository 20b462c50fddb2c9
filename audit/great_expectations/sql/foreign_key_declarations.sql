WITH found AS (
    SELECT role, table_name, parent, key_number,
        group_concat(part, ', ') || ' ON DELETE ' || max(on_delete)
            || CASE WHEN max(on_update) <> 'NO ACTION' THEN ' ON UPDATE ' || max(on_update) ELSE '' END AS definition
    FROM (
        SELECT *, column_name || '>' || coalesce(parent_column, column_name) AS part
        FROM foreign_keys ORDER BY role, table_name, parent, key_number, position)
    GROUP BY role, table_name, parent, key_number
)
SELECT d.table_name, d.parent,
    d.columns || ' ON DELETE ' || d.on_delete AS expected, group_concat(found.definition, '; ') AS found
FROM declared_foreign_keys d
LEFT JOIN found ON found.role = 'turns' AND found.table_name = d.table_name AND found.parent = d.parent
WHERE EXISTS (SELECT 1 FROM table_facts t WHERE t.role = 'turns' AND t.table_name = d.table_name)
GROUP BY d.table_name, d.parent, d.columns, d.on_delete
