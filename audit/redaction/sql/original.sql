-- The findings as they were; the number of a row is its place in findings.csv.
CREATE TABLE original AS SELECT * FROM findings ORDER BY ALL
