SELECT 'turns' AS role, t.name AS table_name, f.id AS key_number, f.seq AS position, f."table" AS parent,
    f."from" AS column_name, f."to" AS parent_column, f.on_update, f.on_delete
FROM main.sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
WHERE t.type = 'table'
