-- What SQLite says of one file. Each statement stands alone: a broken view or a damaged page stops one of them, not
-- all. Virtual tables, which have no page of their own, are not asked: that would run modules that may not be known
-- here.
INSERT INTO schema_objects
SELECT $role, type, name, tbl_name, sql
FROM sqlite_query($catalog, 'SELECT type, name, tbl_name, sql FROM sqlite_schema');

-- SQLite takes an index of its own by its name, whatever is written there for its type, and finds the file sound.
INSERT INTO integrity_problems
SELECT role, shown('sqlite_schema: ''' || replace(name, '''', '''''') || ''' is of the unknown type '
    || coalesce('''' || replace(type, '''', '''''') || '''', 'NULL'))
FROM schema_objects
WHERE role = $role AND role <> 'baseline' AND coalesce(type, '') NOT IN ('table', 'index', 'view', 'trigger');

-- SQLite's own list of tables is not asked for: making it expands every view of the file, which may never end. A name
-- that index_info takes for the index of its primary key is a table without rowid.
INSERT INTO table_facts
SELECT $role, name, kind, wr = '1', kind = 'table' AND regexp_matches(sql, '\)[^)]*\bSTRICT\b[^)]*$$', 'i')
FROM sqlite_query($catalog, 'SELECT s.name, CASE WHEN s.type = ''view'' THEN ''view'' WHEN coalesce(s.rootpage, 0) = 0
    THEN ''virtual'' ELSE ''table'' END AS kind, coalesce(s.rootpage, 0) > 0 AND EXISTS (SELECT 1 FROM
    pragma_index_info(s.name)) AS wr, coalesce(s.sql, '''') AS sql
    FROM sqlite_schema s WHERE s.type IN (''table'', ''view'')');

INSERT INTO table_columns
SELECT $role, table_name, CAST(cid AS BIGINT), lower(name), type, is_not_null = '1', dflt_value, CAST(pk AS BIGINT),
    CAST(hidden AS BIGINT)
FROM sqlite_query($catalog,
    'SELECT t.name AS table_name, c.cid, c.name, c.type, c."notnull" AS is_not_null, c.dflt_value,
    c.pk, c.hidden FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c WHERE t.type = ''table'' AND t.rootpage > 0');

INSERT INTO table_indexes
SELECT $role, table_name, name, is_unique = '1', origin, is_partial = '1'
FROM sqlite_query($catalog,
    'SELECT t.name AS table_name, i.name, i."unique" AS is_unique, i.origin, i.partial AS is_partial
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.type = ''table'' AND t.rootpage > 0');

INSERT INTO index_columns
SELECT $role, index_name, CAST(seqno AS BIGINT), lower(name), is_desc = '1', coll, is_key = '1'
FROM sqlite_query($catalog,
    'SELECT i.name AS index_name, c.seqno, c.name, c."desc" AS is_desc, c.coll, c."key" AS is_key
    FROM sqlite_schema i JOIN pragma_index_xinfo(i.name) c WHERE i.type = ''index''');

INSERT INTO foreign_keys
SELECT $role, table_name, CAST(id AS BIGINT), CAST(seq AS BIGINT), parent, column_name, parent_column, on_update,
    on_delete
FROM sqlite_query($catalog, 'SELECT t.name AS table_name, f.id, f.seq, f."table" AS parent, f."from" AS column_name,
    f."to" AS parent_column, f.on_update, f.on_delete
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = ''table'' AND t.rootpage > 0');

INSERT INTO pragmas
SELECT $role, name, value
FROM sqlite_query($catalog, 'SELECT ''user_version'' AS name, user_version AS value FROM pragma_user_version
    UNION ALL SELECT ''application_id'', application_id FROM pragma_application_id
    UNION ALL SELECT ''encoding'', encoding FROM pragma_encoding
    UNION ALL SELECT ''journal_mode'', journal_mode FROM pragma_journal_mode
    UNION ALL SELECT ''auto_vacuum'', auto_vacuum FROM pragma_auto_vacuum');
