INSERT INTO baseline_texts
SELECT CAST(row_id AS BIGINT), hash(shown(conv_id), shown(session_id), shown(turn_id)), shown(phase),
    whole_number(created_at_ms)
FROM sqlite_query($catalog,
    'SELECT rowid AS row_id, conv_id, $session AS session_id, turn_id, phase, created_at_ms FROM $table');
