-- What SQLite finds when it goes through the pages of the file, and through the indexes of the table that programs ask most.
INSERT INTO integrity_problems
SELECT DISTINCT $role, shown(problem)
FROM (SELECT quick_check AS problem FROM sqlite_query($catalog, 'SELECT quick_check FROM pragma_quick_check')
      UNION ALL
      SELECT integrity_check FROM sqlite_query($catalog, 'SELECT integrity_check FROM pragma_integrity_check(''$table'')'))
WHERE problem <> 'ok'
