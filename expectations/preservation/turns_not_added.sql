-- title: No turn was added among those of the baseline
-- severity: critical
-- failure: 1 turn was added among those of the file before | {n} turns were added among those of the file before
-- kind: made_up
-- needs: turns, baseline, baseline_turns
-- identity: conv_id, session_id, turn_id
-- scans: turns
-- remedy: Find out who wrote the row. Turns newer than anything in the baseline are expected and not reported;
--   this one claims to be older.
-- breaks: baseline: DELETE FROM turns WHERE rowid = (SELECT min(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, 'no such row' AS expected, 'the row' AS found, "table" AS found_table
FROM preservation_differences
WHERE kind = 'inserted' AND "table" = 'turns'
