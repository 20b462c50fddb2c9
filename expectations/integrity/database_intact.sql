-- title: SQLite finds the file intact
-- severity: critical
-- failure: SQLite finds damage in 1 place | SQLite finds damage in {n} places
-- kind: lost
-- needs: turns
-- identity: role, problem
-- scans: pragmas
-- remedy: Restore the file from a backup; PRAGMA integrity_check on a copy tells more.
-- consequence_of: attribution_columns_exist
-- breaks: turns: PRAGMA writable_schema = ON
-- breaks: turns: UPDATE sqlite_schema SET sql = replace(sql, 'runtime_key, updated_at_ms', 'session_id, updated_at_ms')
--   WHERE name = 'turns_by_conv_runtime_updated'
-- breaks: turns: PRAGMA writable_schema = RESET
SELECT DISTINCT role, problem, 'no problem' AS expected, problem AS found
FROM integrity_problems
