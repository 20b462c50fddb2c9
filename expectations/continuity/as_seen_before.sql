-- title: What an earlier audit saw of a turn is still so
-- severity: critical
-- failure: 1 turn is not as an earlier audit saw it | {n} turns are not as an earlier audit saw them
-- kind: wrong
-- needs: turns, against
-- identity: conv_id, session_id, turn_id
-- scans: earlier_turns
-- remedy: A finished turn is never attributed anew. Restore the value the earlier audit saw, unless the turn was run
--   again on purpose.
-- breaks: turns: UPDATE turns SET runtime_key = 'rewritten' WHERE rowid = (SELECT min(rowid) FROM turns WHERE
--   runtime_key <> '')
SELECT e.conv_id, e.session_id, e.turn_id, 'turns' AS found_table,
    CASE WHEN t.conv_id IS NULL THEN ''
         WHEN e.runtime_key <> '' AND t.runtime_key IS DISTINCT FROM e.runtime_key THEN 'runtime_key'
         ELSE 'inference_id' END AS found_column,
    e.runtime_key || ', ' || e.inference_id AS expected,
    CASE WHEN t.conv_id IS NULL THEN 'no such turn'
         ELSE coalesce(t.runtime_key, 'NULL') || ', ' || coalesce(t.inference_id, 'NULL') END AS found
FROM earlier_turns e
LEFT JOIN turns t ON t.conv_id = e.conv_id AND t.session_id = e.session_id AND t.turn_id = e.turn_id
WHERE t.conv_id IS NULL OR (e.runtime_key <> '' AND t.runtime_key IS DISTINCT FROM e.runtime_key)
    OR (e.inference_id <> '' AND t.inference_id IS DISTINCT FROM e.inference_id)
