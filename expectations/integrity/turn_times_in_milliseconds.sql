-- title: No time of a turn or of its snapshots is in another unit than milliseconds
-- severity: critical
-- failure: A time of 1 turn is in another unit than milliseconds | Times of {n} turns are in another unit than
--   milliseconds
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: The named number is a plausible time in another unit, and in milliseconds it moves the turn to 1970 or beyond
--   2100, so that the order of turns, and with it every switch, is told wrongly. Set the time that is named as
--   expected.
-- breaks: turns: UPDATE turns SET turn_created_at_ms = turn_created_at_ms / 1000, updated_at_ms = updated_at_ms / 1000
--   WHERE rowid = (SELECT max(rowid) FROM turns)
SELECT DISTINCT t.conv_id, t.session_id, t.turn_id, found_table, found_column,
    'milliseconds: ' || right_ms AS expected, unit || ': ' || ms AS found
FROM misread_times m JOIN turns t USING (turn_ref)
