INSERT INTO conversations
SELECT row_id, shown(conv_id), shown(session_id), shown(runtime_key), whole_number(created_at_ms),
    whole_number(last_activity_ms),
    whole_number(last_seen_version), whole_number(has_timeline), shown(status), shown(last_error)
FROM $source;
