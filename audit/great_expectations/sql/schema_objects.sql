SELECT 'turns' AS role, type, name, tbl_name AS table_name, sql
FROM main.sqlite_schema
