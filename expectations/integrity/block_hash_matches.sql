-- title: The content hash of every block is that of its content
-- severity: critical
-- failure: The content of 1 block is not what its hash was made of | The contents of {n} blocks are not what their
--   hashes were made of
-- kind: wrong
-- needs: turns
-- identity: block_id, content_hash
-- scans: blocks
-- remedy: The block's kind, role, payload or metadata was changed after it was written. Restore it from a backup.
-- breaks: turns: UPDATE blocks SET payload_json = replace(payload_json, '}', ',"x":1}') WHERE rowid = (SELECT
--   min(rowid) FROM blocks WHERE payload_json LIKE '{"text":%')
-- consequence_of: block_json_valid
SELECT block_id, content_hash, 'blocks' AS found_table, 'content_hash' AS found_column,
    recomputed_hash AS expected, content_hash AS found
FROM blocks
WHERE hash_algorithm = 'sha256-canonical-json-v1' AND recomputed_hash <> content_hash
