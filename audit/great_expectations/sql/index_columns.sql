SELECT 'turns' AS role, i.name AS index_name, c.seqno AS position, lower(c.name) AS column_name,
    c."desc" AS is_descending, c.coll AS collation_name, c."key" AS is_key
FROM main.sqlite_schema i JOIN pragma_index_xinfo(i.name) c
WHERE i.type = 'index'
