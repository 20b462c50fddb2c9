-- One row a field of a conversation record that no program writes so.
-- Negative times and versions, flags beyond 0 and 1, a blank status, activity before creation by the same clock.
CREATE VIEW implausible_conversation_fields AS
SELECT conv_id, 'created_at_ms' AS found_column, 'a time, or 0' AS expected,
    coalesce(CAST(created_ms AS VARCHAR), 'no number') AS found
FROM conversations WHERE NOT coalesce(created_ms BETWEEN 0 AND 4102444800000, false)
UNION ALL
SELECT conv_id, 'last_activity_ms', 'a time not before ' || created_ms,
    coalesce(CAST(last_activity_ms AS VARCHAR), 'no number')
FROM conversations WHERE NOT coalesce(last_activity_ms BETWEEN created_ms AND 4102444800000, false)
UNION ALL
SELECT conv_id, 'last_seen_version', '0 or more', coalesce(CAST(last_seen_version AS VARCHAR), 'no number')
FROM conversations WHERE NOT coalesce(last_seen_version >= 0, false)
UNION ALL
SELECT conv_id, 'has_timeline', '0 or 1', coalesce(CAST(has_timeline AS VARCHAR), 'no number')
FROM conversations WHERE NOT coalesce(has_timeline IN (0, 1), false)
UNION ALL
SELECT conv_id, 'status', 'a word', coalesce(status, 'NULL')
FROM conversations WHERE go_trim(coalesce(status, '')) = ''
UNION ALL
SELECT conv_id, 'runtime_key', 'a trimmed text', coalesce(runtime_key, 'NULL')
FROM conversations WHERE runtime_key IS NULL OR runtime_key <> go_trim(runtime_key)
    OR lower(runtime_key) IN ('null', 'none', 'undefined', 'nil', 'n/a', '[object object]', '<nil>', '<null>', '(null)')
UNION ALL
SELECT conv_id, 'conv_id', 'a trimmed text', coalesce(conv_id, 'NULL')
FROM conversations WHERE go_trim(coalesce(conv_id, '')) = '' OR conv_id <> go_trim(conv_id);
