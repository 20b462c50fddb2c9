-- title: No turn lies years from its conversation without others between
-- severity: critical
-- failure: 1 turn lies years from its conversation | {n} turns lie years from their conversation
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: The clock of the machine that saved the turn was wrong, or another program set the time. The turn stands at
--   the wrong place of its conversation, and a switch may be told there that never was. Set its times from its
--   neighbours in the file.
-- breaks: turns: UPDATE turns SET turn_created_at_ms = turn_created_at_ms - 1000000000000, updated_at_ms =
--   updated_at_ms - 1000000000000 WHERE rowid = (SELECT max(rowid) FROM turns)
-- consequence_of: explicit_values, pointer_beyond_doubt, turns_have_blocks
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'turn_created_at_ms' AS found_column,
    'a time near ' || nearest_ms AS expected, CAST(created_ms AS VARCHAR) AS found
FROM time_outliers
