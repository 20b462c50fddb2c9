SELECT 'turns' AS role, integrity_check AS problem
FROM pragma_integrity_check
WHERE integrity_check <> 'ok'
