-- One row a conversation known to either file, or to any table of the timeline file.
--   turns, has_record, has_entities, has_turn_after_cutover
CREATE TABLE conversation_presence AS
WITH of_turns AS (
    SELECT conv_id, count(*) AS turns, bool_or(era = 'after') AS live FROM turn_evidence GROUP BY conv_id
), traces AS (
    SELECT conv_id FROM entity_spans UNION SELECT conv_id FROM timeline_versions
), known AS (
    SELECT conv_id FROM of_turns UNION SELECT conv_id FROM conversations UNION SELECT conv_id FROM traces
)
SELECT known.conv_id, coalesce(of_turns.turns, 0) AS turns, coalesce(of_turns.live, false) AS has_turn_after_cutover,
    EXISTS (SELECT 1 FROM conversations c WHERE c.conv_id = known.conv_id) AS has_record,
    EXISTS (SELECT 1 FROM traces x WHERE x.conv_id = known.conv_id) AS has_entities
FROM known LEFT JOIN of_turns USING (conv_id);
