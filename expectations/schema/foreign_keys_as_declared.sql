-- title: The block lists refer to turns and blocks by foreign keys
-- severity: critical
-- failure: 1 foreign key of the block lists is missing | {n} foreign keys of the block lists are missing
-- kind: form
-- needs: turns
-- identity: table_name, parent
-- scans: declared_foreign_keys
-- remedy: A rebuild of the table lost the key, so that orphans go unnoticed. Copy the rows into a table of the right
--   definition.
-- breaks: turns: PRAGMA writable_schema = ON
-- breaks: turns: UPDATE sqlite_schema SET sql = replace(sql, ' ON DELETE CASCADE', '') WHERE name =
--   'turn_block_membership'
-- breaks: turns: PRAGMA writable_schema = RESET
SELECT table_name, parent, table_name AS found_table, expected, found
FROM foreign_key_declarations
WHERE found IS DISTINCT FROM expected
