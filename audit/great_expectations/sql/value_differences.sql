-- A live writer's value counts as misspelt where two edits of a byte turn it into its evidence: both texts are walked
-- at once, and a step costs an edit unless the next bytes are equal. Accents composed and decomposed are different
-- here.
WITH RECURSIVE differing AS MATERIALIZED (
    SELECT * FROM attributions WHERE evidence <> '' AND value <> '' AND value <> evidence
), foreign_values AS MATERIALIZED (
    SELECT DISTINCT d.turn_ref, d.column_name
    FROM differing d JOIN attributions a ON a.conv_id = d.conv_id AND a.evidence = d.value AND a.turn_ref <> d.turn_ref
), folded AS (
    SELECT turn_ref, column_name, folded(value) AS value, folded(evidence) AS evidence FROM differing
), steps (along_value, along_evidence) AS (
    VALUES (1, 1), (1, 0), (0, 1)
), walk (turn_ref, column_name, value, evidence, i, j, edits) AS (
    SELECT turn_ref, column_name, CAST(substr(value, 1, 200) AS BLOB), CAST(substr(evidence, 1, 200) AS BLOB), 0, 0, 0
    FROM differing
    WHERE abs(length(CAST(substr(value, 1, 200) AS BLOB)) - length(CAST(substr(evidence, 1, 200) AS BLOB))) <= 2
    UNION
    SELECT w.turn_ref, w.column_name, w.value, w.evidence, w.i + along_value, w.j + along_evidence,
        w.edits + (substr(w.value, w.i + 1, 1) <> substr(w.evidence, w.j + 1, 1))
    FROM walk w JOIN steps
    WHERE w.i + along_value <= length(w.value) AND w.j + along_evidence <= length(w.evidence)
        AND w.edits + (substr(w.value, w.i + 1, 1) <> substr(w.evidence, w.j + 1, 1)) <= 2
        AND (along_value = along_evidence OR substr(w.value, w.i + 1, 1) <> substr(w.evidence, w.j + 1, 1))
), misspelt AS MATERIALIZED (
    SELECT turn_ref, column_name FROM walk WHERE i = length(value) AND j = length(evidence)
    UNION
    SELECT turn_ref, column_name FROM folded WHERE value = evidence
)
SELECT d.column_name, d.turn_ref, d.row_id, d.conv_id, d.session_id, d.turn_id, d.created_ms, d.updated_ms, d.era,
    d.metadata_status, d.value, d.evidence, d.origin,
    CASE WHEN f.turn_ref IS NOT NULL THEN 'mistaken'
         WHEN m.turn_ref IS NOT NULL THEN 'spelling'
         WHEN d.origin = 'live' AND d.created_ms = d.updated_ms THEN 'explicit'
         ELSE 'drift' END AS kind
FROM differing d
LEFT JOIN foreign_values f ON f.turn_ref = d.turn_ref AND f.column_name = d.column_name
LEFT JOIN misspelt m ON m.turn_ref = d.turn_ref AND m.column_name = d.column_name
