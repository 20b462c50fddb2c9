-- How far the findings of some checks go.
SELECT (SELECT count(*) FROM (SELECT DISTINCT turn_ref FROM named_turns WHERE list_contains($checks, "check"))),
    (SELECT count(*) FROM (SELECT DISTINCT conv_ref FROM named_conversations WHERE list_contains($checks, "check")));
