SELECT 'turns' AS role, 'turn_block_membership' AS table_name, m.rowid AS row_id, 'turns' AS parent, conv_id,
    session_id, turn_id, phase, snapshot_created_at_ms AS snapshot_ms, ordinal, block_id, content_hash
FROM main.turn_block_membership m
WHERE NOT EXISTS (SELECT 1 FROM main.turns t
    WHERE t.conv_id = m.conv_id AND t.session_id = m.session_id AND t.turn_id = m.turn_id)
UNION ALL
SELECT 'turns', 'turn_block_membership', m.rowid, 'blocks', conv_id, session_id, turn_id,
    phase, snapshot_created_at_ms, ordinal, block_id, content_hash
FROM main.turn_block_membership m
WHERE NOT EXISTS (SELECT 1 FROM main.blocks b WHERE b.block_id = m.block_id AND b.content_hash = m.content_hash)
