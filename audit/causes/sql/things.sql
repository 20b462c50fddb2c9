-- Per check: how many kinds of keys it names, one of them, whether some are of no block, and whether it names
-- conversations.
SELECT "check", count(DISTINCT members) FILTER (WHERE conv_ref IS NULL), min(members) FILTER (WHERE conv_ref IS NULL),
    coalesce(bool_or(NOT of_block) FILTER (WHERE conv_ref IS NULL), false), bool_or(conv_ref IS NOT NULL)
FROM open_findings
GROUP BY "check";
