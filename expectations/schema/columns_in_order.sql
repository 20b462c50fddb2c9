-- title: The columns of each table stand in their order, or in that of the file from before
-- severity: critical
-- failure: The columns of 1 table stand in another order | The columns of {n} tables stand in another order
-- kind: form
-- needs: turns
-- identity: table_name
-- scans: table_columns
-- remedy: Something rebuilt the table. Programs that read SELECT * by position now read the wrong column; copy the rows
--   back into a table of the right definition.
-- breaks: turns: CREATE TABLE rebuilt (conv_id TEXT NOT NULL, session_id TEXT NOT NULL, turn_id TEXT NOT NULL, phase
--   TEXT NOT NULL, ordinal INTEGER NOT NULL, snapshot_created_at_ms INTEGER NOT NULL, block_id TEXT NOT NULL,
--   content_hash TEXT NOT NULL, PRIMARY KEY (conv_id, session_id, turn_id, phase, snapshot_created_at_ms, ordinal),
--   FOREIGN KEY (conv_id, session_id, turn_id) REFERENCES turns (conv_id, session_id, turn_id) ON DELETE CASCADE,
--   FOREIGN KEY (block_id, content_hash) REFERENCES blocks (block_id, content_hash))
-- breaks: turns: INSERT INTO rebuilt (conv_id, session_id, turn_id, phase, snapshot_created_at_ms, ordinal, block_id,
--   content_hash) SELECT conv_id, session_id, turn_id, phase, snapshot_created_at_ms, ordinal, block_id, content_hash
--   FROM turn_block_membership
-- breaks: turns: DROP TABLE turn_block_membership
-- breaks: turns: ALTER TABLE rebuilt RENAME TO turn_block_membership
-- breaks: turns: CREATE INDEX turn_block_membership_by_turn_phase ON turn_block_membership (conv_id, session_id,
--   turn_id, phase, snapshot_created_at_ms DESC, ordinal)
-- breaks: turns: CREATE INDEX turn_block_membership_by_block ON turn_block_membership (block_id, content_hash)
SELECT table_name, table_name AS found_table, expected, found
FROM column_orders
WHERE found <> expected AND found IS DISTINCT FROM found_before
