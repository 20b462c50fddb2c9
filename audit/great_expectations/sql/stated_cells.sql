SELECT 'turns' AS role, r.migration_id, r.step, (r.step = 'migration') = (run.state LIKE 'completed%') AS speaks,
    coalesce(change.value ->> 'table', '') AS table_name, coalesce(change.value ->> 'column', '') AS column_name,
    coalesce(change.value ->> 'rule', '') AS rule, coalesce(whole_number(change.value ->> 'cells'), 0) AS cells
FROM ledger r
JOIN ledger run ON run.migration_id = r.migration_id AND run.step = 'migration'
JOIN json_each(CASE WHEN json_valid(r.counts_json) THEN r.counts_json END, '$.changes') change
WHERE json_type(CASE WHEN json_valid(r.counts_json) THEN r.counts_json END, '$.changes') = 'array'
    AND change.type = 'object'
