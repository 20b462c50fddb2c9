INSERT INTO blocks
SELECT shown(block_id), shown(content_hash), shown(hash_algorithm), shown(kind), shown(role),
    whole_number(first_seen_at_ms), $recomputed_hash, is_json_object(payload_json), is_json_object(block_metadata_json)
FROM $source;
