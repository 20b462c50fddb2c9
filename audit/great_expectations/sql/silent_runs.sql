SELECT migration_id FROM ledger
WHERE step = 'migration'
    AND coalesce(json_type(CASE WHEN json_valid(counts_json) THEN counts_json END, '$.changes'), '') <> 'array'
