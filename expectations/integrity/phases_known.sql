-- title: Every phase is one that some program writes
-- severity: warning
-- failure: 1 phase is one that no known program writes | {n} phases are ones that no known program writes
-- kind: form
-- needs: turns
-- identity: phase
-- scans: snapshot_shapes
-- remedy: Programs show snapshots of an unknown phase as final, or not at all. Add the phase here if a program of yours
--   writes it.
-- breaks: turns: INSERT INTO turn_block_membership SELECT conv_id, session_id, turn_id, 'mid_inference',
--   snapshot_created_at_ms, ordinal, block_id, content_hash FROM turn_block_membership WHERE phase = 'pre_inference'
--   AND turn_id = (SELECT turn_id FROM turn_block_membership WHERE phase = 'pre_inference' ORDER BY turn_id LIMIT 1)
SELECT phase, 'turn_block_membership' AS found_table, 'phase' AS found_column,
    'a known phase' AS expected, count(*) || ' snapshots' AS found
FROM snapshot_shapes
WHERE folded(phase) NOT IN ('', 'pre_inference', 'post_inference', 'post_tools', 'final', 'failed', 'snapshot', 'draft')
GROUP BY phase
