SELECT 'turns' AS role, integrity_check AS problem
FROM pragma_integrity_check
WHERE integrity_check <> 'ok'
UNION ALL
SELECT 'turns', 'sqlite_schema: ' || quote(name) || ' is of the unknown type ' || quote(type)
FROM sqlite_schema
WHERE type IS NULL OR type NOT IN ('table', 'index', 'view', 'trigger')
