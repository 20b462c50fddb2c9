-- The same rows without what their metadata says: where nobody asks for evidence, the texts are not read at all.
INSERT INTO turns
    (turn_ref, row_id, conv_id, session_id, turn_id, created_ms, updated_ms/*each column*/, {column}/*end column*/)
SELECT hash(conv_id, session_id, turn_id), row_id, conv_id, session_id, turn_id, created_ms, updated_ms
    /*each column*/, {column}/*end column*/
FROM (
    SELECT row_id, shown(conv_id) AS conv_id, shown(session_id) AS session_id, shown(turn_id) AS turn_id,
        whole_number(turn_created_at_ms) AS created_ms, whole_number(updated_at_ms) AS updated_ms
        /*each column*/, shown({column}) AS {column}/*end column*/
    FROM $source
);
