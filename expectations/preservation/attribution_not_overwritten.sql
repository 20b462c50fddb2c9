-- title: A runtime or inference that was recorded before the migration is still the recorded one
-- severity: critical
-- failure: The runtime or inference that 1 turn had before the migration was overwritten | The runtimes or inferences
--   that {n} turns had before the migration were overwritten
-- kind: lost
-- needs: turns, baseline, baseline_turns
-- identity: conv_id, session_id, turn_id
-- scans: baseline_turns
-- remedy: Restore the value from the baseline; the migration fills empty cells and leaves all others alone.
-- breaks: baseline: ALTER TABLE turns ADD COLUMN runtime_key TEXT NOT NULL DEFAULT 'recorded-by-the-service'
SELECT conv_id, session_id, turn_id, "table" AS found_table, "column" AS found_column, expected, found
FROM preservation_differences
WHERE kind = 'changed' AND "table" = 'turns' AND "column" IN ('runtime_key', 'inference_id')
