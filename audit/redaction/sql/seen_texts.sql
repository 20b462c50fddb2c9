CREATE TABLE seen AS
SELECT 'value' AS kind, text AS original, min(place) AS place FROM texts WHERE replacement IS NULL GROUP BY text
UNION ALL SELECT 'row', text, place FROM keys WHERE NOT regular
UNION ALL SELECT 'name', text, 0 FROM names WHERE replacement IS NULL
