-- title: No phase is blank, padded, or a known one in other letters
-- severity: critical
-- failure: 1 phase of a turn is blank, padded or in other letters | {n} phases of turns are blank, padded or in other
--   letters
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id, phase
-- scans: snapshot_shapes
-- remedy: Programs that ask for the phase do not find the snapshot. Set the phase as it is spelled elsewhere.
-- breaks: turns: INSERT INTO turn_block_membership SELECT conv_id, session_id, turn_id, 'Final',
--   snapshot_created_at_ms, ordinal, block_id, content_hash FROM turn_block_membership WHERE phase = 'final' AND
--   turn_id = (SELECT turn_id FROM turn_block_membership WHERE phase = 'final' ORDER BY turn_id LIMIT 1)
SELECT DISTINCT conv_id, session_id, turn_id, phase, 'turn_block_membership' AS found_table, 'phase' AS found_column,
    lower(go_trim(phase)) AS expected, phase AS found
FROM snapshot_shapes
WHERE go_trim(phase) = '' OR phase <> go_trim(phase)
    OR (phase <> folded(phase)
        AND folded(phase) IN ('pre_inference', 'post_inference', 'post_tools', 'final', 'failed', 'snapshot', 'draft'))
