-- One row a column, evidence class and outcome: how much of the history is known.
--   evidence_class   text | map | profile | alias | none | malformed
--   outcome          known | unknown
CREATE VIEW coverage AS
SELECT column_name,
    CASE WHEN metadata_status = 'malformed' THEN 'malformed' WHEN kind = '' THEN 'none' ELSE kind END AS evidence_class,
    CASE WHEN value <> '' THEN 'known' ELSE 'unknown' END AS outcome,
    count(*) AS turns
FROM attributions GROUP BY ALL;
