-- What stands for each text of expected and found; NULL where it says more than words of ours and known ids.
CREATE TABLE texts AS
WITH told AS (
    SELECT unnest([expected, found]) AS text, unnest([0, 1]) AS nth, coalesce(c.numbers, false) AS numbers,
        o.rowid AS place
    FROM original o LEFT JOIN known_checks c ON c.name = o."check"
),
each AS (
    SELECT text, numbers, min(2 * place + nth) AS place,
        CASE WHEN len(string_split(text, ', ')) = 2 THEN split_part(text, ', ', 1) END AS one,
        CASE WHEN len(string_split(text, ', ')) = 2 THEN split_part(text, ', ', 2) END AS other
    FROM told WHERE text <> '' GROUP BY text, numbers
)
SELECT e.text, e.numbers, e.place, CASE
    WHEN e.numbers AND length(e.text) <= 300 AND regexp_full_match(e.text, getvariable('numeric')) THEN e.text
    WHEN whole.replacement IS NOT NULL THEN whole.replacement
    WHEN length(e.text) <= 300 AND regexp_full_match(e.text, getvariable('plain')) THEN e.text
    ELSE coalesce(a.replacement, CASE WHEN regexp_full_match(e.one, getvariable('plain')) THEN e.one END) || ', '
        || coalesce(b.replacement, CASE WHEN regexp_full_match(e.other, getvariable('plain')) THEN e.other END)
    END AS replacement
FROM each e
LEFT JOIN parts whole ON whole.original = e.text
LEFT JOIN parts a ON a.original = e.one
LEFT JOIN parts b ON b.original = e.other
