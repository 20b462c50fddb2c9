-- The rows that one side has more of, the last ones of those that are equal.
SELECT side, n, content FROM (
    SELECT side, n, content, sum(side) OVER (PARTITION BY content) AS balance,
        row_number() OVER (PARTITION BY content, side ORDER BY n DESC) AS place
    FROM bag
) WHERE side * balance > 0 AND place <= abs(balance) ORDER BY side, n, content
