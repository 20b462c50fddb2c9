SELECT coalesce(c.pseudonym, '') AS conv_id, coalesce(s.pseudonym, '') AS session_id,
    coalesce(t.pseudonym, '') AS turn_id, coalesce(r.replacement, '') AS runtime_key, 
    -- What is made of words of ours, such as a placeholder, has none.
    coalesce(i.pseudonym, f.inference_id) AS inference_id, f.created_ms
FROM fingerprints f
LEFT JOIN pseudonyms c ON c.kind = 'conversation' AND c.original = f.conv_id
LEFT JOIN pseudonyms s ON s.kind = 'session' AND s.original = f.session_id
LEFT JOIN pseudonyms t ON t.kind = 'turn' AND t.original = f.turn_id
LEFT JOIN parts r ON r.original = f.runtime_key
LEFT JOIN pseudonyms i ON i.kind = 'inference' AND i.original = f.inference_id
ORDER BY ALL
