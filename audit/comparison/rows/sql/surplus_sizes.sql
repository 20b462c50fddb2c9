-- How many rows each side has more of.
SELECT coalesce(sum(-balance) FILTER (WHERE balance < 0), 0), coalesce(sum(balance) FILTER (WHERE balance > 0), 0)
FROM (SELECT sum(side) AS balance FROM bag GROUP BY content)
