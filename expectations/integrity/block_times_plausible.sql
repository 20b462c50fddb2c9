-- title: Every block was first seen at a plausible time
-- severity: critical
-- failure: 1 block was first seen at an implausible time | {n} blocks were first seen at implausible times
-- kind: wrong
-- needs: turns
-- identity: block_id, content_hash
-- scans: blocks
-- remedy: The time is milliseconds since 1970. Restore it from a backup, or set it from the first snapshot that holds
--   the block.
-- breaks: turns: UPDATE blocks SET first_seen_at_ms = first_seen_at_ms * 1000 WHERE rowid = (SELECT min(rowid) FROM
--   blocks)
SELECT block_id, content_hash, 'blocks' AS found_table, 'first_seen_at_ms' AS found_column,
    'milliseconds of a time up to 4102444800000' AS expected,
    coalesce(CAST(first_seen_ms AS VARCHAR), 'no number') AS found
FROM blocks
WHERE (NOT coalesce(first_seen_ms BETWEEN 1 AND 4102444800000, false) OR first_seen_ms BETWEEN 946684800 AND 4102444800)
    -- A column that is written in another unit throughout is named once, by another check.
    AND NOT EXISTS (SELECT 1 FROM time_columns c WHERE c.found_table = 'blocks' AND c.only_unit <> '')
