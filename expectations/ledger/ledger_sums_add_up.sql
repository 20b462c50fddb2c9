-- title: The counts of the migration add up
-- severity: critical
-- needs: turns, ledger
-- identity: migration_id
-- scans: ledger_counts
-- remedy: Every turn is filled, kept, unknown or malformed. Either the migration miscounted, or the ledger was edited.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_set(counts_json, '$.rows', json_extract(counts_json, '$.rows') + 1) WHERE step = 'migration'
SELECT migration_id, 'turntruth_migrations' AS found_table, 'counts_json' AS found_column,
    any_value(row_count) || ' turns for each column' AS expected, string_agg(column_name || ' ' || counted, ', ' ORDER BY column_name) AS found
FROM (SELECT migration_id, column_name, any_value(row_count) AS row_count, sum(counted) AS counted FROM ledger_counts GROUP BY ALL)
GROUP BY migration_id
HAVING bool_or(counted IS DISTINCT FROM row_count)
