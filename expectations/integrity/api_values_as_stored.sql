-- title: The debug API answers each turn with the runtime and inference that the file holds
-- severity: critical
-- failure: The debug API answers 1 value of a turn otherwise than the file holds it | The debug API answers {n} values
--   of turns otherwise than the file holds them
-- kind: wrong
-- needs: turns, api
-- identity: conv_id, session_id, turn_id, column_name
-- scans: api_snapshots
-- remedy: Find out which file the server reads and what it keeps in memory; restart it over the audited file, then
--   audit again.
-- breaks: turns: UPDATE turns SET runtime_key = 'rewritten' WHERE rowid = (SELECT min(rowid) FROM turns WHERE
--   runtime_key <> '')
SELECT conv_id, session_id, turn_id, column_name, 'turns' AS found_table, column_name AS found_column, expected, found
FROM api_value_differences
