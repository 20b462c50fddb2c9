SELECT t.rowid AS turn_ref, m.phase, whole_number(m.snapshot_created_at_ms) AS snapshot_ms, count(*) AS blocks,
    whole_number(min(m.ordinal)) AS first_ordinal, whole_number(max(m.ordinal)) AS last_ordinal,
    CAST(total(m.ordinal) AS INTEGER) AS ordinal_sum
FROM main.turn_block_membership m
JOIN main.turns t ON t.conv_id = m.conv_id AND t.session_id = m.session_id AND t.turn_id = m.turn_id
GROUP BY t.rowid, m.phase, m.snapshot_created_at_ms
