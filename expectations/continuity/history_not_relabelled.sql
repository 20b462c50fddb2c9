-- title: No conversation that switched profile shows one runtime only
-- severity: critical
-- failure: 1 conversation that switched profile shows one runtime only | {n} conversations that switched profile show
--   one runtime only
-- kind: wrong
-- needs: turns
-- identity: conv_id
-- scans: runtime_history
-- remedy: Somebody labelled the whole history with one runtime, mostly the newest. Empty runtime_key of the
--   conversation's turns and run turntruth migrate again.
-- consequence_of: runtime_matches_evidence
-- breaks: turns: UPDATE turns SET runtime_key = 'newest' WHERE runtime_key <> '' AND conv_id = (SELECT conv_id FROM
--   turns WHERE runtime_key <> '' GROUP BY conv_id HAVING count(DISTINCT runtime_key) > 1 ORDER BY conv_id LIMIT 1)
SELECT conv_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    string_agg(DISTINCT signal, ', ' ORDER BY signal) AS expected, min(runtime_key) AS found
FROM runtime_history
WHERE runtime_key <> '' AND signal IS NOT NULL AND conv_id IN (SELECT conv_id FROM runtime_contradictions WHERE trusted)
GROUP BY conv_id
HAVING count(DISTINCT signal) > 1 AND count(DISTINCT runtime_key) = 1
