-- The block lists, one row a snapshot.
INSERT INTO snapshots
SELECT
    hash(shown(conv_id), shown(session_id), shown(turn_id)), shown(phase), whole_number(snapshot_created_at_ms),
    count(*), min(whole_number(ordinal)), max(whole_number(ordinal)), count(DISTINCT ordinal)
FROM $source
GROUP BY 1, 2, 3;

-- Rows whose turn or block does not exist, whether or not the foreign keys are still declared.
INSERT INTO foreign_key_problems
SELECT $role, 'turn_block_membership', CAST(row_id AS BIGINT), parent, shown(conv_id), shown(session_id), shown(turn_id), shown(phase),
    whole_number(snapshot_ms), whole_number(ordinal), shown(block_id), shown(content_hash)
FROM sqlite_query($catalog, '
    SELECT m.rowid AS row_id, ''turns'' AS parent, conv_id, session_id, turn_id, phase, snapshot_created_at_ms AS snapshot_ms,
        ordinal, block_id, content_hash
    FROM turn_block_membership m
    WHERE NOT EXISTS (SELECT 1 FROM turns t
        WHERE t.conv_id = m.conv_id AND t.session_id = m.session_id AND t.turn_id = m.turn_id)
    UNION ALL
    SELECT m.rowid, ''blocks'', conv_id, session_id, turn_id, phase, snapshot_created_at_ms, ordinal, block_id, content_hash
    FROM turn_block_membership m
    WHERE NOT EXISTS (SELECT 1 FROM blocks b WHERE b.block_id = m.block_id AND b.content_hash = m.content_hash)');
