-- What SQLite cannot read as a text (bytes that are no UTF-8, a lone surrogate, a NUL, at which it stops) is not
-- judged: the stored value counts as right.
SELECT t.rowid AS turn_ref, t.rowid AS row_id,
    CAST(t.conv_id AS TEXT) AS conv_id, CAST(t.session_id AS TEXT) AS session_id, CAST(t.turn_id AS TEXT) AS turn_id,
    whole_number(t.turn_created_at_ms) AS created_ms, whole_number(t.updated_at_ms) AS updated_ms,
    /*each column by ", "*/CAST(t.{column} AS TEXT) AS {column}/*end column*/,
    CASE WHEN o.turn_ref IS NOT NULL THEN 'object'
         WHEN t.turn_metadata_json IS NULL OR go_trim(CAST(t.turn_metadata_json AS TEXT)) IN ('', 'null') THEN 'unknown'
         ELSE 'malformed' END AS metadata_status,
    /*each column*/
    CASE WHEN is_utf8({short}.word) AND NOT instr(o.object, '\u0000') THEN {short}.word
         WHEN {short}.word IS NULL THEN '' ELSE CAST(t.{column} AS TEXT) END AS {word}_evidence,
    coalesce({short}.kind, '') AS {word}_kind,
    /*end column*/
    '' AS oddities, is_json_object(t.turn_data_json) AS data_valid
FROM main.turns t
LEFT JOIN metadata_objects o ON o.turn_ref = t.rowid
/*each column*/
LEFT JOIN {word}_words {short} ON {short}.turn_ref = t.rowid
/*end column*/
