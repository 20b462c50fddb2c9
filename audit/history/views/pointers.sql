-- One row a conversation of the conversation file: what it points to, beside what its turns say.
--   pointer         the runtime that the conversation record names; '' is unknown
--   latest_runtime  of the last turn whose runtime is known; NULL where none is
--   later_unknown   how many turns after that one have no known runtime
--   disagrees       both are known and differ, and the turn can testify: it was stored with blocks
CREATE VIEW main.pointers AS
SELECT conv_id, session_id, pointer, latest_runtime, latest_turn_id, later_unknown, turns, status,
    staged.moment(last_activity_ms) AS last_activity_at, last_activity_ms,
    witness AND pointer <> '' AND pointer <> latest_runtime AS disagrees
FROM staged.pointers;
