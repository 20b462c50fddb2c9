-- How far the findings of some checks go.
SELECT count(DISTINCT (conv_id, session_id, turn_id)) FILTER (WHERE turn_id <> ''),
    count(DISTINCT conv_id) FILTER (WHERE conv_id <> '')
FROM roots
WHERE list_contains($checks, "check");
