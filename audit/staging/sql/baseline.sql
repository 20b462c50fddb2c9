INSERT INTO baseline_turns
SELECT shown(conv_id), shown(session_id), shown(turn_id), whole_number(turn_created_at_ms), whole_number(updated_at_ms)
    /*each column*/
    , shown({column})
    /*end column*/
FROM $source;
