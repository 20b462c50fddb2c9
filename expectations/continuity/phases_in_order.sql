-- title: The final snapshot of a turn holds all blocks that the turn had grown to
-- severity: critical
-- failure: The final snapshot of 1 turn lacks blocks that the turn had | The final snapshots of {n} turns lack blocks
--   that the turns had
-- kind: lost
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_times
-- remedy: A turn grows from phase to phase; what the final one lacks is what readers will miss. Compare with a backup.
-- breaks: turns: UPDATE turn_block_membership SET phase = CASE phase WHEN 'final' THEN 'pre_inference' ELSE 'final' END
--   WHERE phase IN ('final', 'pre_inference') AND turn_id = (SELECT turn_id FROM turn_block_membership GROUP BY turn_id
--   HAVING count(DISTINCT CASE WHEN phase IN ('final', 'pre_inference') THEN phase || snapshot_created_at_ms END) = 2
--   ORDER BY turn_id LIMIT 1)
SELECT conv_id, session_id, turn_id, 'turn_block_membership' AS found_table, 'phase' AS found_column,
    most_blocks || ' blocks at ' || most_at_ms AS expected, final_blocks || ' blocks at ' || last_final_ms AS found
FROM turn_times
-- A turn that is saved again after its final snapshot, with more blocks or under another phase, has broken nothing.
WHERE final_blocks < most_blocks AND (most_at_ms <= last_final_ms OR first_phase = 'final')
