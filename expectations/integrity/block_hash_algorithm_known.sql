-- title: Every block is hashed by an algorithm that can be recomputed
-- severity: critical
-- failure: 1 block is hashed by an algorithm that cannot be recomputed | {n} blocks are hashed by an algorithm that
--   cannot be recomputed
-- kind: form
-- needs: turns
-- identity: block_id, content_hash
-- scans: blocks
-- remedy: Only sha256-canonical-json-v1 is known; under another name nobody can tell whether the content is what was
--   written.
-- breaks: turns: UPDATE blocks SET hash_algorithm = 'md5' WHERE rowid = (SELECT min(rowid) FROM blocks)
SELECT block_id, content_hash, 'blocks' AS found_table, 'hash_algorithm' AS found_column,
    'sha256-canonical-json-v1' AS expected, hash_algorithm AS found
FROM blocks
WHERE hash_algorithm IS DISTINCT FROM 'sha256-canonical-json-v1'
