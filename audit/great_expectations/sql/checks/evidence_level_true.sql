SELECT migration_id, 'turntruth_migrations' AS found_table, 'evidence' AS found_column,
    'all' AS expected, evidence AS found
FROM ledger
WHERE step = 'migration' AND evidence = 'direct' AND EXISTS (
    SELECT 1 FROM json_tree(CASE WHEN json_valid(counts_json) THEN counts_json END) AS counted
    WHERE counted.key IN ('profile', 'alias') AND counted.type = 'integer' AND counted.value > 0)
