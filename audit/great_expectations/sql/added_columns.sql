SELECT DISTINCT trim(added.value) AS column_name
FROM ledger, json_each('["' || replace(columns_added, ',', '","') || '"]') AS added
WHERE step = 'migration' AND columns_added <> '' AND NOT starts_with(shape, 'legacy')
