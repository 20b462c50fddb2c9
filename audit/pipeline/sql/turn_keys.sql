-- What other files of a fleet may know of the same turns: the ids, what is stored of each, and its place in the order.
SELECT
    coalesce(conv_id, '') AS conv_id, coalesce(session_id, '') AS session_id, coalesce(turn_id, '') AS turn_id,
    /*each column*/
    coalesce({column}, '') AS {column},
    /*end column*/
    created_ms, first_snapshot_ms
FROM turns
LEFT JOIN (SELECT turn_ref, min(snapshot_ms) AS first_snapshot_ms FROM snapshots GROUP BY turn_ref) USING (turn_ref)
