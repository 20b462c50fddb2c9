-- One row a turn and column with a value although its metadata gives none and only the migration can have written it.
--   likeness   pointer | neighbour | '': where the value seems to be taken from
CREATE TABLE made_up AS
WITH suspects AS (
    SELECT * FROM attributions WHERE value <> '' AND evidence = '' AND origin = 'migration'
), pointing AS (
    SELECT s.turn_ref, s.column_name FROM suspects s JOIN conversations c USING (conv_id)
    WHERE s.column_name = 'runtime_key' AND c.runtime_key = s.value
), neighbouring AS (
    SELECT DISTINCT s.turn_ref, s.column_name
    FROM suspects s
    JOIN attributions a ON a.conv_id = s.conv_id AND a.column_name = s.column_name AND a.evidence = s.value
        AND a.turn_ref <> s.turn_ref
)
SELECT s.*,
    CASE WHEN p.turn_ref IS NOT NULL THEN 'pointer' WHEN n.turn_ref IS NOT NULL THEN 'neighbour' ELSE '' END AS likeness
FROM suspects s
LEFT JOIN pointing p ON p.turn_ref = s.turn_ref AND p.column_name = s.column_name
LEFT JOIN neighbouring n ON n.turn_ref = s.turn_ref AND n.column_name = s.column_name;
