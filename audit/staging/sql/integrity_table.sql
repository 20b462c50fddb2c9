-- What SQLite finds when it compares one table with its indexes.
SELECT DISTINCT shown(integrity_check)
FROM sqlite_query($catalog, 'SELECT integrity_check FROM pragma_integrity_check(''$table'')')
WHERE integrity_check <> 'ok'
