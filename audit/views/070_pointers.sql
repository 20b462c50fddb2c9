-- One row a conversation of the timeline file: its pointer beside what its turns say.
--   pointer          the runtime the conversation record names, '' for unknown
--   latest_runtime   of the latest attributed turn, NULL where no turn is attributed
--   witness          the latest attributed turn can testify: it has blocks (others are never shown), and its runtime is
--                    no longer than the slug of a profile can be, which is what a pointer is made of
--   turns            how many turns the turn file has for it
CREATE TABLE pointers AS
WITH counted AS (SELECT conv_id, count(*) AS turns FROM turns GROUP BY conv_id)
SELECT
    c.conv_id, c.session_id, c.runtime_key AS pointer, l.runtime_key AS latest_runtime, l.later_unknown,
    coalesce(l.snapshots > 0 AND length(l.runtime_key) <= 140, false) AS witness,
    l.session_id AS latest_session_id, l.turn_id AS latest_turn_id, coalesce(counted.turns, 0) AS turns,
    c.status, c.last_activity_ms
FROM conversations c
LEFT JOIN latest_attributed_turn l USING (conv_id)
LEFT JOIN counted USING (conv_id);
