-- title: Every block was first seen at a plausible time
-- severity: critical
-- needs: turns
-- identity: block_id, content_hash
-- scans: blocks
-- remedy: The time is milliseconds since 1970. Restore it from a backup, or set it from the first snapshot that holds the block.
-- breaks: turns: UPDATE blocks SET first_seen_at_ms = first_seen_at_ms * 1000 WHERE rowid = (SELECT min(rowid) FROM blocks)
SELECT block_id, content_hash, 'blocks' AS found_table, 'first_seen_at_ms' AS found_column,
    'a time up to 4102444800000' AS expected, coalesce(CAST(first_seen_ms AS VARCHAR), 'no number') AS found
FROM blocks
WHERE NOT coalesce(first_seen_ms BETWEEN 1 AND 4102444800000, false)
