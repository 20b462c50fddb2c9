-- What SQLite finds when it goes through the pages of the file.
SELECT DISTINCT shown(quick_check)
FROM sqlite_query($catalog, 'SELECT quick_check FROM pragma_quick_check') WHERE quick_check <> 'ok'
