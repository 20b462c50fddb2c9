-- title: The times of a turn are the same
-- severity: critical
-- failure: The times of 1 turn are not as in the file before | The times of {n} turns are not as in the file before
-- kind: wrong
-- needs: turns, baseline, baseline_turns
-- identity: conv_id, session_id, turn_id
-- scans: baseline_turns
-- remedy: Restore the time from the baseline. A time of update of 0 may become the time of creation, and a turn that
--   was saved again has a snapshot of that very time; nothing else moves a time.
-- consequence_of: file_times_in_milliseconds, turn_times_in_milliseconds, turn_times_near_conversation
-- breaks: baseline: UPDATE turns SET updated_at_ms = updated_at_ms + 1
--   WHERE rowid = (SELECT min(rowid) FROM turns WHERE updated_at_ms > 0)
SELECT conv_id, session_id, turn_id, "table" AS found_table, "column" AS found_column, expected, found
FROM preservation_differences
WHERE kind = 'changed' AND "table" = 'turns' AND "column" IN ('turn_created_at_ms', 'updated_at_ms')
