-- One row a turn whose metadata says the column's value, which may stand in a map. Maps are walked to any depth; the
-- path holds the place of each member in the order of precedence, so that the smallest path is the first usable text.
-- Of duplicate keys the last counts.
WITH RECURSIVE members (place, name) AS (
    VALUES /*each member by ", "*/({rank}, '{member}')/*end member*/
), walk (turn_ref, path, kind, type, value) AS (
    SELECT o.turn_ref, CASE m.key/*each earlier key*/ WHEN '{key}' THEN '{rank}'/*end earlier key*/ ELSE '{keys}' END,
        CASE m.key/*each first key*/ WHEN '{key}' THEN 'text'/*end first key*/ ELSE 'alias' END, m.type, m.value
    FROM metadata_objects o, json_each(o.object) m
    WHERE m.key IN (/*each key by ", "*/'{key}'/*end key*/)
        AND NOT EXISTS (SELECT 1 FROM json_each(o.object) later WHERE later.key = m.key AND later.id > m.id)
    UNION ALL
    SELECT w.turn_ref, w.path || members.place,
        CASE WHEN w.kind = 'alias' THEN 'alias'
             WHEN w.kind <> 'profile' AND /*each first member*/m.key = '{member}'/*end first member*/ THEN 'map'
             ELSE 'profile' END,
        m.type, m.value
    FROM walk w, json_each(CASE w.type WHEN 'object' THEN w.value END) m
    JOIN members ON members.name = m.key
    WHERE NOT EXISTS (
        SELECT 1 FROM json_each(CASE w.type WHEN 'object' THEN w.value END) later
        WHERE later.key = m.key AND later.id > m.id)
)
SELECT turn_ref, min(path) AS path, kind, go_trim(value) AS word
FROM walk
WHERE type = 'text' AND go_trim(value) <> ''
GROUP BY turn_ref
