-- title: No pointer disagrees with a latest turn that may not have come through the conversation
-- severity: warning
-- failure: 1 conversation's pointer and latest turn disagree, for a reason that cannot be known | The pointers and
--   latest turns of {n} conversations disagree, for a reason that cannot be known
-- kind: form
-- needs: turns, timeline
-- identity: conv_id
-- scans: pointers
-- remedy: The latest attributed turn has no blocks, or a runtime that is no profile's. Look at the conversation by
--   hand.
-- breaks: turns: INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, runtime_key)
--   SELECT conv_id, session_id, 'turn-without-blocks', 4102444800000, 4102444800000, 'elsewhere' FROM turns WHERE rowid
--   = (SELECT min(rowid) FROM turns WHERE runtime_key <> '')
SELECT conv_id, latest_session_id AS session_id, latest_turn_id AS turn_id, 'timeline_conversations' AS found_table,
    'runtime_key' AS found_column, latest_runtime AS expected, pointer AS found
FROM pointers
WHERE pointer <> latest_runtime AND pointer <> '' AND NOT witness
