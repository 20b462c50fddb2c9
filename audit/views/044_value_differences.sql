-- One row a turn and column whose value and evidence are both there and differ.
--   kind    drift      the row was saved again after its first save, or is no live writer's
--           mistaken   the value is another turn's of the same conversation
--           spelling   the value is its evidence, but for case, accents, invisible characters or one or two letters
--           explicit   none of these: the row was saved once, by a program that knows the columns, which may give a
--                      value that metadata does not have
CREATE TABLE value_differences AS
WITH differing AS (
    SELECT * FROM attributions WHERE evidence <> '' AND value <> '' AND value <> evidence
), foreign_values AS (
    SELECT DISTINCT d.turn_ref, d.column_name
    FROM differing d JOIN attributions a ON a.conv_id = d.conv_id AND a.evidence = d.value AND a.turn_ref <> d.turn_ref
)
SELECT d.*  EXCLUDE (kind),
    CASE WHEN f.turn_ref IS NOT NULL THEN 'mistaken'
         WHEN same_word(value, evidence) OR levenshtein(left(value, 200), left(evidence, 200)) <= 2 THEN 'spelling'
         WHEN origin = 'live' AND created_ms = updated_ms THEN 'explicit'
         ELSE 'drift' END AS kind
FROM differing d LEFT JOIN foreign_values f ON f.turn_ref = d.turn_ref AND f.column_name = d.column_name;
