-- title: Every table has its primary key
-- severity: critical
-- failure: 1 table lacks its primary key | {n} tables lack their primary key
-- kind: form
-- needs: turns
-- identity: table_name
-- scans: declared_columns
-- remedy: A rebuild of the table lost or changed the key. Copy the rows into a table of the right definition, after
--   looking for rows that are there twice.
-- breaks: turns: CREATE TABLE rebuilt (block_id TEXT NOT NULL, content_hash TEXT NOT NULL, hash_algorithm TEXT NOT NULL
--   DEFAULT 'sha256-canonical-json-v1', kind TEXT NOT NULL, role TEXT NOT NULL DEFAULT '', payload_json TEXT NOT NULL
--   DEFAULT '{}', block_metadata_json TEXT NOT NULL DEFAULT '{}', first_seen_at_ms INTEGER NOT NULL)
-- breaks: turns: INSERT INTO rebuilt SELECT * FROM blocks
-- breaks: turns: DROP TABLE blocks
-- breaks: turns: ALTER TABLE rebuilt RENAME TO blocks
-- breaks: turns: CREATE INDEX blocks_by_kind_role ON blocks (kind, role)
SELECT table_name, table_name AS found_table, expected, found
FROM primary_keys
WHERE found IS DISTINCT FROM expected
