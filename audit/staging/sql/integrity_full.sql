-- What SQLite finds when it goes through all pages and compares every index with its table.
SELECT DISTINCT shown(integrity_check)
FROM sqlite_query($catalog, 'SELECT integrity_check FROM pragma_integrity_check') WHERE integrity_check <> 'ok'
