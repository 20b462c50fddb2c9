-- Per root and other check, the findings that follow from it.
SELECT root, "check", count(*) FROM roots WHERE root <> "check" GROUP BY ALL;
