-- One row a conversation known to either file, or to any table of the timeline file.
--   turns, has_record, has_entities, has_turn_after_cutover
--   records_deleted   rowids are missing among the records, and no more conversations lack a record than that: so these
--                     had one
CREATE TABLE conversation_presence AS
WITH of_turns AS (
    SELECT conv_id, count(*) AS turns, bool_or(era = 'after') AS live FROM turn_evidence GROUP BY conv_id
), traces AS (
    SELECT conv_id FROM entity_spans UNION SELECT conv_id FROM timeline_versions
), known AS (
    SELECT conv_id FROM of_turns UNION SELECT conv_id FROM conversations UNION SELECT conv_id FROM traces
), present AS (
    SELECT known.conv_id, coalesce(of_turns.turns, 0) AS turns,
        coalesce(of_turns.live, false) AS has_turn_after_cutover,
        known.conv_id IN (SELECT c.conv_id FROM conversations c WHERE c.conv_id IS NOT NULL) AS has_record,
        known.conv_id IN (SELECT x.conv_id FROM traces x WHERE x.conv_id IS NOT NULL) AS has_entities
    FROM known LEFT JOIN of_turns USING (conv_id)
)
SELECT *,
    (SELECT coalesce(max(row_id), 0) - count(*) FROM conversations)
        >= count(*) FILTER (WHERE turns > 0 AND NOT has_record) OVER () AS records_deleted
FROM present;
