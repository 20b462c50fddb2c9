-- One row a turn whose metadata says the column's value, which only a text can.
SELECT o.turn_ref, min(CASE m.key/*each later key*/ WHEN '{key}' THEN {rank}/*end later key*/ ELSE 1 END) AS place,
    go_trim(m.value) AS word,
    CASE m.key/*each later key*/ WHEN '{key}' THEN '{kind}'/*end later key*/ ELSE 'text' END AS kind
FROM metadata_objects o, json_each(o.object) m
WHERE m.key IN (/*each key by ", "*/'{key}'/*end key*/) AND m.type = 'text' AND go_trim(m.value) <> ''
    AND NOT EXISTS (SELECT 1 FROM json_each(o.object) later WHERE later.key = m.key AND later.id > m.id)
GROUP BY o.turn_ref
