-- The block lists, one row a snapshot. SQLite groups them along the primary key's index, which holds all it needs, and hands over
-- a tenth of the rows.
INSERT INTO snapshots
SELECT hash(shown(conv_id), shown(session_id), shown(turn_id)), shown(phase), whole_number(snapshot_ms), CAST(blocks AS BIGINT),
    whole_number(first_ordinal), whole_number(last_ordinal)
FROM sqlite_query($catalog, '
    SELECT conv_id, session_id, turn_id, phase, snapshot_created_at_ms AS snapshot_ms, count(*) AS blocks,
        min(ordinal) AS first_ordinal, max(ordinal) AS last_ordinal
    FROM turn_block_membership GROUP BY 1, 2, 3, 4, 5')
