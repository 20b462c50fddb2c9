-- title: Every snapshot consists of the same blocks in the same order
-- severity: critical
-- failure: 1 place in a snapshot's block list is not as in the file before | {n} places in snapshots' block lists are
--   not as in the file before
-- kind: lost
-- needs: turns, baseline, baseline_turns
-- identity: conv_id, session_id, turn_id, phase, snapshot_ms, ordinal
-- scans: preservation_summary
-- remedy: Restore the rows of turn_block_membership from the baseline; snapshots newer than anything in it are
--   expected.
-- consequence_of: blocks_unchanged, file_times_in_milliseconds, no_missing_ids, turn_columns_unchanged,
--   turn_times_in_milliseconds, turn_times_near_conversation, turns_kept, turns_not_added
-- breaks: baseline: UPDATE turn_block_membership SET ordinal = ordinal + 1000
--   WHERE rowid = (SELECT max(rowid) FROM turn_block_membership)
SELECT
    conv_id,
    session_id,
    turn_id,
    json_extract_string(key, '$.phase') AS phase,
    json_extract_string(key, '$.snapshot_created_at_ms') AS snapshot_ms,
    json_extract_string(key, '$.ordinal') AS ordinal,
    "table" AS found_table,
    "column" AS found_column,
    CASE kind WHEN 'changed' THEN expected WHEN 'deleted' THEN 'the row' ELSE 'no such row' END AS expected,
    CASE kind WHEN 'changed' THEN found WHEN 'deleted' THEN 'missing' ELSE 'the row' END AS found
FROM preservation_differences
WHERE kind IN ('changed', 'deleted', 'inserted') AND "table" = 'turn_block_membership'
