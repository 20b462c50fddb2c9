-- Rows whose turn or block does not exist, whether or not the foreign keys are still declared. Each turn and each block
-- is looked for once, however many rows name it.
INSERT INTO foreign_key_problems
SELECT $role, 'turn_block_membership', CAST(row_id AS BIGINT), parent, shown(conv_id), shown(session_id),
    shown(turn_id), shown(phase), whole_number(snapshot_ms), whole_number(ordinal), shown(block_id), shown(content_hash)
FROM sqlite_query($catalog, '
    WITH named_turns AS MATERIALIZED (
        SELECT conv_id, session_id, turn_id
        FROM (SELECT DISTINCT conv_id, session_id, turn_id FROM turn_block_membership) n
        WHERE NOT EXISTS (SELECT 1 FROM turns t
            WHERE t.conv_id = n.conv_id AND t.session_id = n.session_id AND t.turn_id = n.turn_id)
    ), named_blocks AS MATERIALIZED (
        SELECT block_id, content_hash FROM (SELECT DISTINCT block_id, content_hash FROM turn_block_membership) n
        WHERE NOT EXISTS (SELECT 1 FROM blocks b WHERE b.block_id = n.block_id AND b.content_hash = n.content_hash)
    )
    SELECT m.rowid AS row_id, ''turns'' AS parent, m.conv_id, m.session_id, m.turn_id, m.phase,
        m.snapshot_created_at_ms AS snapshot_ms, m.ordinal, m.block_id, m.content_hash
    FROM named_turns CROSS JOIN turn_block_membership m USING (conv_id, session_id, turn_id)
    UNION ALL
    SELECT m.rowid, ''blocks'', m.conv_id, m.session_id, m.turn_id, m.phase, m.snapshot_created_at_ms, m.ordinal,
        m.block_id, m.content_hash
    FROM named_blocks CROSS JOIN turn_block_membership m USING (block_id, content_hash)')
