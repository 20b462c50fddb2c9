-- title: No runtime_key and no inference_id is NULL
-- severity: critical
-- failure: 1 turn has NULL in place of a runtime or inference | {n} turns have NULL in place of a runtime or inference
-- kind: missing
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: The columns are NOT NULL; a NULL got in through a wrong declaration or a damaged file. Restore the file from
--   before the migration and migrate again.
-- consequence_of: attribution_columns_exist
-- breaks: turns: PRAGMA writable_schema = ON
-- breaks: turns: UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL DEFAULT ''''', 'DEFAULT ''''') WHERE name =
--   'turns'
-- breaks: turns: PRAGMA writable_schema = RESET
-- breaks: turns: UPDATE turns SET runtime_key = NULL WHERE rowid = (SELECT min(rowid) FROM turns WHERE runtime_key =
--   '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column,
    '' AS expected, 'NULL' AS found
FROM attributions
WHERE value IS NULL
