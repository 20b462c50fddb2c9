-- What SQLite cannot read as a text (bytes that are no UTF-8, a lone surrogate, a NUL, at which it stops) is not judged: the stored
-- value counts as right.
SELECT t.rowid AS turn_ref, t.rowid AS row_id,
    CAST(t.conv_id AS TEXT) AS conv_id, CAST(t.session_id AS TEXT) AS session_id, CAST(t.turn_id AS TEXT) AS turn_id,
    whole_number(t.turn_created_at_ms) AS created_ms, whole_number(t.updated_at_ms) AS updated_ms,
    CAST(t.runtime_key AS TEXT) AS runtime_key, CAST(t.inference_id AS TEXT) AS inference_id,
    CASE WHEN o.turn_ref IS NOT NULL THEN 'object'
         WHEN t.turn_metadata_json IS NULL OR go_trim(CAST(t.turn_metadata_json AS TEXT)) IN ('', 'null') THEN 'unknown'
         ELSE 'malformed' END AS metadata_status,
    CASE WHEN is_utf8(r.word) AND NOT instr(o.object, '\u0000') THEN r.word WHEN r.word IS NULL THEN '' ELSE CAST(t.runtime_key AS TEXT) END AS runtime_evidence,
    coalesce(r.kind, '') AS runtime_kind,
    CASE WHEN is_utf8(i.word) AND NOT instr(o.object, '\u0000') THEN i.word WHEN i.word IS NULL THEN '' ELSE CAST(t.inference_id AS TEXT) END AS inference_evidence,
    coalesce(i.kind, '') AS inference_kind,
    '' AS oddities, is_json_object(t.turn_data_json) AS data_valid
FROM main.turns t
LEFT JOIN metadata_objects o ON o.turn_ref = t.rowid
LEFT JOIN runtime_words r ON r.turn_ref = t.rowid
LEFT JOIN inference_words i ON i.turn_ref = t.rowid
