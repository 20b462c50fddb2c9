-- title: Every column of a turn that existed before is the same, byte for byte
-- severity: critical
-- failure: 1 turn is not as in the file before | {n} turns are not as in the file before
-- kind: wrong
-- needs: turns, baseline, baseline_turns
-- identity: conv_id, session_id, turn_id
-- scans: baseline_turns
-- remedy: Restore the cell from the baseline; metadata is evidence and must not be rewritten, not even reformatted.
-- breaks: baseline: UPDATE turns SET turn_data_json = turn_data_json || ' '
--   WHERE rowid = (SELECT min(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, "table" AS found_table, "column" AS found_column, expected, found
FROM preservation_differences
WHERE
    kind = 'changed'
    AND "table" = 'turns'
    AND "column" NOT IN ('turn_created_at_ms', 'updated_at_ms', 'runtime_key', 'inference_id')
