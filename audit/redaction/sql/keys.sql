-- What is known of each key: whether all of its members are ids, times, ordinals or words of ours.
CREATE TABLE keys AS
SELECT key AS text, min(rowid) AS place, CASE WHEN json_valid(key) AND json_type(key) = 'OBJECT' THEN
    list_bool_and(list_transform(json_keys(key), lambda k:
        k IN ('block_id', 'content_hash', 'entity_id', 'migration_id')
        OR (k IN ('snapshot_ms', 'ordinal') AND regexp_full_match(
            coalesce(json_extract_string(key, '$."' || k || '"'), ''), '-?[0-9]{0,16}'))
        OR (k IN ('step', 'phase', 'role', 'table_name', 'column_name', 'name', 'index_name', 'rule', 'outcome',
            'counter', 'unit', 'pragma_name', 'object_type', 'object_name', 'parent', 'clause') AND regexp_full_match(
            coalesce(json_extract_string(key, '$."' || k || '"'), ''), getvariable('plain')))))
    ELSE false END AS regular
FROM original WHERE key <> '' GROUP BY key
