-- One row a profile_switch entity that the turns around it contradict, by what their metadata says.
-- The last turn before a switch has to name the runtime it came from, the first one behind it the runtime it led to.
-- Conversations whose entities lie outside of the time of their turns (another clock), and switches inside a turn, tell
-- nothing and are left out.
--   position   before | after: which neighbour contradicts; chain: the switch does not start where the one before led
--              to
CREATE VIEW misplaced_switches AS
WITH spans AS (
    SELECT conv_id, min(created_ms) AS first_ms, max(greatest(created_ms, updated_ms)) AS last_ms
    FROM turns WHERE conv_id IN (SELECT conv_id FROM profile_switches) GROUP BY conv_id
), ordered AS (
    SELECT s.*, lag(to_runtime) OVER in_order AS came_from, lag(s.created_ms) OVER in_order AS previous_ms,
        lead(s.created_ms) OVER in_order AS next_ms
    FROM profile_switches s JOIN spans USING (conv_id) JOIN entity_spans e USING (conv_id)
    WHERE s.created_ms IS NOT NULL AND e.first_ms >= spans.first_ms - 60000 AND e.last_ms <= spans.last_ms + 60000
    WINDOW in_order AS (PARTITION BY conv_id ORDER BY s.created_ms, version, entity_id)
), beside AS (
    SELECT s.conv_id, s.entity_id,
        arg_max(t.runtime_evidence, (t.created_ms, t.row_id)) FILTER (WHERE t.created_ms < s.created_ms
            AND (s.previous_ms IS NULL OR t.created_ms >= s.previous_ms)) AS evidence_before,
        arg_min(t.runtime_evidence, (t.created_ms, t.row_id)) FILTER (WHERE t.created_ms >= s.created_ms
            AND (s.next_ms IS NULL OR t.created_ms < s.next_ms)) AS evidence_after
    FROM ordered s JOIN turns t ON t.conv_id = s.conv_id AND t.runtime_evidence <> ''
    GROUP BY s.conv_id, s.entity_id
), compared AS (
    SELECT s.conv_id, s.entity_id, s.from_runtime, s.to_runtime, s.came_from,
        CASE WHEN s.to_runtime <> b.evidence_after THEN b.evidence_after END AS other_to,
        CASE WHEN s.from_runtime <> b.evidence_before THEN b.evidence_before END AS other_from
    FROM ordered s LEFT JOIN beside b ON b.conv_id = s.conv_id AND b.entity_id = s.entity_id
    WHERE NOT EXISTS (SELECT 1 FROM turns t
        WHERE t.conv_id = s.conv_id AND t.created_ms < s.created_ms AND s.created_ms < t.updated_ms)
)
SELECT conv_id, entity_id,
    CASE WHEN other_to IS NOT NULL THEN 'after' WHEN other_from IS NOT NULL THEN 'before' ELSE 'chain' END AS position,
    CASE WHEN other_to IS NOT NULL THEN 'to ' || other_to WHEN other_from IS NOT NULL THEN 'from ' || other_from
         ELSE 'from ' || came_from END AS expected,
    'from ' || from_runtime || ' to ' || to_runtime AS found
FROM compared
WHERE other_to IS NOT NULL OR other_from IS NOT NULL
    OR (from_runtime <> '' AND from_runtime <> came_from
        AND conv_id NOT IN (SELECT conv_id FROM compared WHERE other_to IS NOT NULL));
