INSERT INTO parts
SELECT r.original, CASE WHEN r.shown THEN r.original ELSE p.pseudonym END
FROM runtimes r LEFT JOIN pseudonyms p ON p.kind = 'runtime' AND p.original = r.original
