-- The block lists, one row a snapshot. SQLite groups them along the primary key's index, which holds all it needs, and
-- hands over a tenth of the rows. Among values of one column every text and BLOB sorts behind all numbers, so the
-- smallest and the largest ordinal tell whether there is one.
INSERT INTO snapshots
SELECT hash(shown(conv_id), shown(session_id), shown(turn_id)), shown(phase), whole_number(snapshot_ms),
    CAST(blocks AS BIGINT),
    whole_number(first_ordinal), whole_number(last_ordinal), whole_number(ordinal_sum), odd_class = '1'
FROM sqlite_query($catalog, '
    SELECT conv_id, session_id, turn_id, phase, snapshot_created_at_ms AS snapshot_ms, count(*) AS blocks,
        min(ordinal) AS first_ordinal, max(ordinal) AS last_ordinal, CAST(total(ordinal) AS INTEGER) AS ordinal_sum,
        typeof(conv_id) <> ''text'' OR typeof(session_id) <> ''text'' OR typeof(turn_id) <> ''text''
            OR typeof(phase) <> ''text'' OR typeof(snapshot_created_at_ms) <> ''integer''
            OR typeof(min(ordinal)) <> ''integer'' OR typeof(max(ordinal)) <> ''integer''
            OR total(ordinal) % 1 <> 0 AS odd_class
    FROM turn_block_membership WHERE $where GROUP BY 1, 2, 3, 4, 5')
