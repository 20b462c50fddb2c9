SELECT CAST(block_id AS TEXT) AS block_id, CAST(content_hash AS TEXT) AS content_hash,
    CAST(hash_algorithm AS TEXT) AS hash_algorithm, kind, role, whole_number(first_seen_at_ms) AS first_seen_ms,
    is_json_object(payload_json) AS payload_valid, is_json_object(block_metadata_json) AS metadata_valid
FROM main.blocks
