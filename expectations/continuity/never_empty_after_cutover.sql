-- title: No turn from after the migration is without a runtime
-- severity: critical
-- failure: 1 turn from after the migration has no runtime | {n} turns from after the migration have no runtime
-- kind: missing
-- needs: turns, cutover
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: A program that does not know the column is still writing; find it and bring it up to date.
-- consequence_of: runtime_complete, turn_times_in_milliseconds, turn_times_near_conversation
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) SELECT conv_id,
--   session_id, 'late-turn-' || n, 4102444799999 + n, 4102444799999 + n FROM turns, (SELECT 0 AS n UNION ALL SELECT 1)
--   WHERE turns.rowid = (SELECT max(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    'a runtime' AS expected, '' AS found
FROM turn_evidence
WHERE era = 'after' AND runtime_key = ''
