-- Per check: how many kinds of keys it names, one of them, and the columns of those that are of no block, and of those
-- in conversations; 0 where there are none.
SELECT "check", count(DISTINCT members) FILTER (WHERE conv_ref IS NULL), min(members) FILTER (WHERE conv_ref IS NULL),
    coalesce(bit_or(about) FILTER (WHERE conv_ref IS NULL AND NOT of_block), 0),
    coalesce(bit_or(about) FILTER (WHERE conv_ref IS NOT NULL), 0)
FROM open_findings
GROUP BY "check";
