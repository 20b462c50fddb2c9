SELECT 'turns' AS role, name AS table_name, type, wr AS without_rowid, strict
FROM pragma_table_list
WHERE schema = 'main'
