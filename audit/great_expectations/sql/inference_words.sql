-- One row a turn whose metadata names an inference, which only a text can.
SELECT o.turn_ref, min(CASE m.key WHEN 'inference_id' THEN 2 ELSE 1 END) AS place, go_trim(m.value) AS word,
    CASE m.key WHEN 'inference_id' THEN 'alias' ELSE 'text' END AS kind
FROM metadata_objects o, json_each(o.object) m
WHERE m.key IN ('geppetto.inference_id@v1', 'inference_id') AND m.type = 'text' AND go_trim(m.value) <> ''
    AND NOT EXISTS (SELECT 1 FROM json_each(o.object) later WHERE later.key = m.key AND later.id > m.id)
GROUP BY o.turn_ref
