SELECT 'turns' AS role, t.name AS table_name, c.cid AS position, lower(c.name) AS column_name, c.type,
    c."notnull" AS not_null, c.dflt_value AS default_value, c.pk AS key_position, c.hidden
FROM main.sqlite_schema t JOIN pragma_table_xinfo(t.name) c
WHERE t.type = 'table'
