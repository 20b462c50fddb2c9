-- What stands for each: its number, or the first digits of an HMAC (RFC 2104) over kind and text.
INSERT INTO pseudonyms
WITH firsts AS (SELECT kind, min(rowid) AS first FROM numbered GROUP BY kind)
SELECT n.kind, n.original, n.kind || ' ' || CASE
    WHEN $keyed THEN left(
        sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode(n.kind || ':' || n.original)))), 16)
    ELSE CAST(n.rowid - f.first + 1 AS VARCHAR) END
FROM numbered n JOIN firsts f USING (kind)
