-- The findings again, each with the place that it had.
CREATE TABLE redacted AS
SELECT o."check", o.severity, coalesce(c.pseudonym, '') AS conv_id, coalesce(s.pseudonym, '') AS session_id,
    coalesce(t.pseudonym, '') AS turn_id,
    coalesce(n.replacement, n_value.pseudonym, '') AS "table", coalesce(k.replacement, '') AS key,
    coalesce(m.replacement, m_value.pseudonym, '') AS "column",
    coalesce(e.replacement, e_value.pseudonym, '') AS expected, coalesce(f.replacement, f_value.pseudonym, '') AS found,
    o.accepted, o.rowid AS place
FROM original o
LEFT JOIN known_checks known ON known.name = o."check"
LEFT JOIN pseudonyms c ON c.kind = 'conversation' AND c.original = o.conv_id
LEFT JOIN pseudonyms s ON s.kind = 'session' AND s.original = o.session_id
LEFT JOIN pseudonyms t ON t.kind = 'turn' AND t.original = o.turn_id
LEFT JOIN names n ON n.text = o."table"
LEFT JOIN pseudonyms n_value ON n_value.kind = 'name' AND n_value.original = o."table"
LEFT JOIN redacted_keys k ON k.text = o.key
LEFT JOIN names m ON m.text = o."column"
LEFT JOIN pseudonyms m_value ON m_value.kind = 'name' AND m_value.original = o."column"
LEFT JOIN texts e ON e.text = o.expected AND e.numbers = coalesce(known.numbers, false)
LEFT JOIN pseudonyms e_value ON e_value.kind = 'value' AND e_value.original = o.expected
LEFT JOIN texts f ON f.text = o.found AND f.numbers = coalesce(known.numbers, false)
LEFT JOIN pseudonyms f_value ON f_value.kind = 'value' AND f_value.original = o.found
