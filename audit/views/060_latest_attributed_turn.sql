-- One row a conversation with at least one attributed turn: the last turn in order whose runtime is known.
--   later_unknown   how many turns after it have no known runtime
--   snapshots       how many stored states it has; 0 for a turn saved without blocks
CREATE TABLE latest_attributed_turn AS
WITH placed AS (
    SELECT o.conv_id, o.session_id, o.turn_id, o.place, o.snapshots, t.runtime_key
    FROM turn_order o JOIN turns t ON t.turn_ref = o.turn_ref AND t.row_id IS NOT DISTINCT FROM o.row_id
), latest AS (
    SELECT conv_id, max(place) AS last_place, max(place) FILTER (WHERE runtime_key <> '') AS place
    FROM placed GROUP BY conv_id
)
SELECT conv_id, session_id, turn_id, runtime_key, snapshots, last_place - place AS later_unknown
FROM latest JOIN placed USING (conv_id, place);
