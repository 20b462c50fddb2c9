INSERT INTO entity_spans
SELECT shown(conv_id), count(*), max(whole_number(version)), min(whole_number(created_at_ms)),
    max(whole_number(created_at_ms))
FROM $source GROUP BY 1
