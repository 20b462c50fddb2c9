-- The conversations of the lanes with all that names them, and their pointers; the gravest first.
SELECT c.conv_id, c.conversations, (SELECT list_sort(list_distinct(flatten(list(d.ranks)))) FROM lane_damage d
    WHERE d.conv_id = c.conv_id) AS ranks, p.conv_id IS NOT NULL AS recorded, coalesce(p.runtime_key, '') AS pointer
FROM lane_conversations c
LEFT JOIN (SELECT conv_id, min(runtime_key) AS runtime_key FROM conversations GROUP BY conv_id) p USING (conv_id)
ORDER BY c.rank, c.findings DESC, c.conv_id;
