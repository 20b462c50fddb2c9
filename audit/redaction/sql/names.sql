-- Tables and columns are named as they are, unless that is an id or nothing that could be a name.
CREATE TABLE names AS
WITH told AS (SELECT DISTINCT unnest(["table", "column"]) AS text FROM original)
SELECT t.text, CASE WHEN p.original IS NULL AND length(t.text) <= 300
    AND regexp_full_match(t.text, '[A-Za-z_][A-Za-z0-9_]*(, [A-Za-z_][A-Za-z0-9_]*)*') THEN t.text END AS replacement
FROM told t LEFT JOIN parts p ON p.original = t.text WHERE t.text <> ''
