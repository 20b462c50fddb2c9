-- What is left of the findings of one check, and which of it follows from another check on the same rows.
CREATE TEMP TABLE judged AS
SELECT l.*,
    coalesce(l.about & t.about, 0) <> 0
    OR coalesce(l.about & CASE WHEN l.turn_ref IS NULL THEN c.about ELSE c.whole END, 0) <> 0
    OR k.key_ref IS NOT NULL
    OR NOT l.of_block AND b.block_ref IS NOT NULL
    -- Keys of other things cannot be compared: then it is enough that the one is declared to follow from the other.
    OR CASE WHEN l.conv_ref IS NULL
        THEN $kinds > 1 OR $kinds = 1 AND l.members <> $members OR l.about & $conversations <> 0 AND NOT l.of_block
        ELSE l.about & $things <> 0 END AS follows
FROM left_over l
LEFT JOIN (SELECT turn_ref, about FROM named_turns WHERE "check" = $cause) t ON t.turn_ref = l.turn_ref
LEFT JOIN (SELECT conv_ref, about, whole FROM named_conversations WHERE "check" = $cause) c ON c.conv_ref = l.conv_ref
LEFT JOIN (SELECT key_ref FROM named_keys WHERE "check" = $cause) k ON k.key_ref = l.key_ref
LEFT JOIN (SELECT block_ref FROM named_blocks WHERE "check" = $cause) b ON b.block_ref = l.block_ref;
