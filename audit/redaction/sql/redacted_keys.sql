-- The keys again: ids replaced, members in their order; one of which not all is known is a row with a number.
CREATE TABLE redacted_keys AS
SELECT k.text, CASE WHEN NOT k.regular THEN '{"row":' || to_json(r.pseudonym) || '}' ELSE '{' || array_to_string(
    list_transform(json_keys(k.text), lambda m: to_json(m) || ':' || CASE m
        WHEN 'block_id' THEN coalesce(to_json(b.pseudonym), 'null')
        WHEN 'content_hash' THEN coalesce(to_json(c.pseudonym), 'null')
        WHEN 'entity_id' THEN coalesce(to_json(e.pseudonym), 'null')
        WHEN 'migration_id' THEN coalesce(to_json(g.pseudonym), 'null')
        ELSE CAST(json_extract(k.text, '$."' || m || '"') AS VARCHAR) END), ',') || '}' END AS replacement
FROM keys k
LEFT JOIN pseudonyms r ON r.kind = 'row' AND r.original = k.text
LEFT JOIN pseudonyms b ON b.kind = 'block' AND b.original = CASE WHEN k.regular
    THEN json_extract_string(k.text, '$.block_id') END
LEFT JOIN pseudonyms c ON c.kind = 'content' AND c.original = CASE WHEN k.regular
    THEN json_extract_string(k.text, '$.content_hash') END
LEFT JOIN pseudonyms e ON e.kind = 'entity' AND e.original = CASE WHEN k.regular
    THEN json_extract_string(k.text, '$.entity_id') END
LEFT JOIN pseudonyms g ON g.kind = 'migration' AND g.original = CASE WHEN k.regular
    THEN json_extract_string(k.text, '$.migration_id') END
