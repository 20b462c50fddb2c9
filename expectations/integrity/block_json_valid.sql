-- title: The payload and the metadata of every block are JSON objects
-- severity: critical
-- failure: Payload or metadata of 1 block is no JSON object | Payload or metadata of {n} blocks is no JSON object
-- kind: wrong
-- needs: turns
-- identity: block_id, content_hash
-- scans: blocks
-- remedy: Programs cannot show the turns that use the block. Restore it from a backup.
-- breaks: turns: UPDATE blocks SET block_metadata_json = '{"x":NaN}' WHERE rowid = (SELECT min(rowid) FROM blocks)
SELECT block_id, content_hash, 'blocks' AS found_table,
    CASE WHEN payload_valid THEN 'block_metadata_json' ELSE 'payload_json' END AS found_column,
    'a JSON object' AS expected, 'malformed' AS found
FROM blocks
WHERE NOT payload_valid OR NOT metadata_valid
