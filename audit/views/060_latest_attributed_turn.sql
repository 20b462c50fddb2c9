-- One row a conversation with at least one attributed turn: the last turn in order whose runtime is known.
--   later_unknown   how many turns after it have no known runtime
--   snapshots       how many stored states it has; 0 for a turn saved without blocks
CREATE VIEW latest_attributed_turn AS
SELECT
    conv_id,
    arg_max(session_id, place) FILTER (WHERE runtime_key <> '') AS session_id,
    arg_max(turn_id, place) FILTER (WHERE runtime_key <> '') AS turn_id,
    arg_max(runtime_key, place) FILTER (WHERE runtime_key <> '') AS runtime_key,
    arg_max(snapshots, place) FILTER (WHERE runtime_key <> '') AS snapshots,
    max(place) - max(place) FILTER (WHERE runtime_key <> '') AS later_unknown
FROM runtime_history
GROUP BY conv_id
HAVING count(*) FILTER (WHERE runtime_key <> '') > 0;
