-- One row a column, evidence class and outcome: how much of the history is known.
--   evidence_class   text | map | profile | alias | none | malformed
--   outcome          known | unknown
--   proof            proven: the turn's own metadata names the value; given: the metadata is silent, and a writer who
--                    knows the columns gave it; contradicted: the metadata names another one; without evidence: nothing
--                    says where the value is from; unknown: there is none
CREATE VIEW coverage AS
SELECT column_name,
    CASE WHEN metadata_status = 'malformed' THEN 'malformed' WHEN kind = '' THEN 'none' ELSE kind END AS evidence_class,
    CASE WHEN value <> '' THEN 'known' ELSE 'unknown' END AS outcome,
    CASE WHEN value = '' THEN 'unknown' WHEN evidence = value THEN 'proven' WHEN evidence <> '' THEN 'contradicted'
         WHEN origin = 'live' THEN 'given' ELSE 'without evidence' END AS proof,
    count(*) AS turns
FROM attributions GROUP BY ALL;
