-- One row a turn that both parsers read: every text on which parsers may disagree, every one whose value is not what
-- SQL read, and a sample of the others.
--   nested                        a value is a map within a map, which SQL leaves to the second parser
--   /*each column by ", "*/sql_{word}/*end column*/    what SQL read
--   oddities                      duplicate_keys, invalid_utf8, lone_surrogate
CREATE VIEW second_readings AS
SELECT conv_id, session_id, turn_id, nested,
    /*each column*/sql_{word}, /*end column*//*each column*/{word}_evidence, /*end column*/oddities
FROM turns WHERE second_look;
