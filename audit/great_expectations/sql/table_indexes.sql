SELECT 'turns' AS role, t.name AS table_name, i.name AS index_name, i."unique" AS is_unique, i.origin,
    i.partial AS is_partial
FROM main.sqlite_schema t JOIN pragma_index_list(t.name) i
WHERE t.type = 'table'
