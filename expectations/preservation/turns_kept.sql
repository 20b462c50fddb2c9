-- title: Every turn of the baseline is still there
-- severity: critical
-- failure: 1 turn of the file before is missing | {n} turns of the file before are missing
-- kind: lost
-- needs: turns, baseline, baseline_turns
-- identity: conv_id, session_id, turn_id
-- scans: baseline_turns
-- remedy: Restore the file from the baseline and migrate it again; the migration deletes no row.
-- breaks: baseline: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms)
--   SELECT conv_id, session_id, 'turn-that-got-lost', turn_created_at_ms, updated_at_ms FROM turns
--   WHERE rowid = (SELECT max(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, 'the row' AS expected, 'missing' AS found, "table" AS found_table
FROM preservation_differences
WHERE kind = 'deleted' AND "table" = 'turns'
