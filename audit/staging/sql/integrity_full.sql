-- What SQLite finds when it goes through all pages and compares every index with its table.
SELECT DISTINCT shown(integrity_check)
FROM sqlite_query($catalog, 'SELECT integrity_check FROM pragma_integrity_check') WHERE integrity_check <> 'ok'
UNION ALL
SELECT shown(problem)
FROM sqlite_query($catalog, 'SELECT ''sqlite_schema: '' || quote(name) || '' is of the unknown type '' || quote(type) AS problem
    FROM sqlite_schema WHERE type IS NULL OR type NOT IN (''table'', ''index'', ''view'', ''trigger'')')
