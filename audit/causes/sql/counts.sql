-- Per check its findings that follow from no other: how many, how many rows they name, turns and conversations.
SELECT "check", count(*) AS findings, count(DISTINCT (conv_id, session_id, turn_id, key)) AS places,
    count(DISTINCT (conv_id, session_id, turn_id)) FILTER (WHERE turn_id <> '') AS turns,
    count(DISTINCT conv_id) FILTER (WHERE conv_id <> '') AS conversations
FROM roots
WHERE root = "check"
GROUP BY "check";
