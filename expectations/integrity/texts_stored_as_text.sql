-- title: Metadata and data of every turn are stored as text
-- severity: warning
-- failure: Metadata or data of 1 turn is not stored as text | Metadata or data of {n} turns is not stored as text
-- kind: form
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: It reads like a text, but searches in SQL miss it. CAST the cells to TEXT.
-- breaks: turns: UPDATE turns SET turn_metadata_json = CAST(turn_metadata_json AS BLOB) WHERE rowid = (SELECT
--   min(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, column_name AS found_column, expected, found
FROM storage_faults
WHERE role = 'turns' AND table_name = 'turns' AND column_name IN ('turn_metadata_json', 'turn_data_json')
