-- Every id with the place at which it is first seen: in the findings, then where results.json names it, then elsewhere.
CREATE TABLE seen AS
WITH keyed AS (SELECT rowid AS place, key FROM original WHERE json_valid(key) AND json_type(key) = 'OBJECT'),
named AS (
    SELECT 'conversation' AS kind, conv_id AS original, rowid AS place FROM original
    UNION ALL SELECT 'session', session_id, rowid FROM original
    UNION ALL SELECT 'turn', turn_id, rowid FROM original
    UNION ALL SELECT 'block', json_extract_string(key, '$.block_id'), place FROM keyed
    UNION ALL SELECT 'content', json_extract_string(key, '$.content_hash'), place FROM keyed
    UNION ALL SELECT 'entity', json_extract_string(key, '$.entity_id'), place FROM keyed
    UNION ALL SELECT 'migration', json_extract_string(key, '$.migration_id'), place FROM keyed
    UNION ALL SELECT 'inference', text, place FROM (
        SELECT unnest([expected, found]) AS text, rowid AS place FROM original WHERE "column" = 'inference_id')
    WHERE NOT contains(text, ', ')
    -- Texts of two values name the inference second.
    UNION ALL SELECT 'inference', split_part(expected, ', ', 2), rowid FROM original
    WHERE "check" IN ('columns_not_swapped', 'parsers_agree', 'as_seen_before') AND contains(expected, ', ')
    UNION ALL SELECT kind, original, 1::BIGINT << 60 FROM mentioned
    UNION ALL SELECT 'conversation', conv_id, 1::BIGINT << 61 FROM fingerprints
    UNION ALL SELECT 'session', session_id, 1::BIGINT << 61 FROM fingerprints
    UNION ALL SELECT 'turn', turn_id, 1::BIGINT << 61 FROM fingerprints
    UNION ALL SELECT 'inference', inference_id, 1::BIGINT << 61 FROM fingerprints
)
SELECT kind, original, min(place) AS place FROM named
WHERE coalesce(original, '') <> '' AND NOT (kind = 'inference' AND regexp_full_match(original, getvariable('plain')))
GROUP BY kind, original
