-- Which checks name a conversation of the lanes as a whole (turn_id is '') or one of its turns.
CREATE TEMP TABLE lane_damage AS
SELECT conv_id, session_id, turn_id, list_sort(list(DISTINCT list_position($checks, "check"))) AS ranks
FROM findings
WHERE accepted = '' AND list_contains($checks, "check") AND conv_id IN (SELECT conv_id FROM lane_conversations)
GROUP BY conv_id, session_id, turn_id;
