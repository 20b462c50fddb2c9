-- One row a conversation with at least one attributed turn: the last turn in order whose runtime is known.
--   later_unknown   how many turns after it have no known runtime
--   snapshots       how many stored states it has; 0 for a turn saved without blocks
CREATE TABLE latest_attributed_turn AS
WITH latest AS (
    SELECT conv_id, max(place) AS last_place, max(place) FILTER (WHERE runtime_key <> '') AS place
    FROM runtime_history GROUP BY conv_id
)
SELECT latest.conv_id, t.session_id, t.turn_id, h.runtime_key, h.snapshots, last_place - place AS later_unknown
FROM latest JOIN runtime_history h USING (conv_id, place) JOIN turns t USING (turn_ref);
