-- What SQLite finds when it goes through the pages of the file.
SELECT DISTINCT shown(quick_check)
FROM sqlite_query($catalog, 'SELECT quick_check FROM pragma_quick_check') WHERE quick_check <> 'ok'
UNION ALL
SELECT shown(problem)
FROM sqlite_query($catalog, 'SELECT ''sqlite_schema: '' || quote(name) || '' is of the unknown type '' || quote(type) AS problem
    FROM sqlite_schema WHERE type IS NULL OR type NOT IN (''table'', ''index'', ''view'', ''trigger'')')
