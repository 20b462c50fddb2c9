-- title: No turn from after the migration is without a runtime
-- severity: critical
-- failure: 1 turn from after the migration has no runtime | {n} turns from after the migration have no runtime
-- kind: missing
-- needs: turns, cutover
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: A program that does not know the column is still writing; find it and bring it up to date.
-- consequence_of: runtime_complete
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) SELECT conv_id,
--   session_id, 'late-turn', 4102444800000, 4102444800000 FROM turns WHERE rowid = (SELECT max(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    'a runtime' AS expected, '' AS found
FROM turn_evidence
WHERE era = 'after' AND runtime_key = ''
