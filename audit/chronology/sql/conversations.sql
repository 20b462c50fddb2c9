-- The conversations that findings name which nobody has accepted, the gravest first.
--   rank   place of the gravest check that names it
CREATE TEMP TABLE lane_conversations AS
WITH named AS (
    SELECT conv_id, min(list_position($checks, "check")) AS rank, count(*) AS findings
    FROM findings WHERE conv_id <> '' AND accepted = '' AND list_contains($checks, "check")
    GROUP BY conv_id
)
SELECT conv_id, rank, findings, count(*) OVER () AS conversations
FROM named ORDER BY rank, findings DESC, conv_id LIMIT $most;
