-- title: The counts of the migration add up
-- severity: critical
-- needs: turns, ledger
-- identity: migration_id, column_name
-- scans: ledger_counts
-- remedy: Every turn is filled, kept, unknown or malformed. Either the migration miscounted, or the ledger was edited.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_set(counts_json, '$.rows', json_extract(counts_json, '$.rows') + 1) WHERE step = 'migration'
SELECT migration_id, column_name, 'turntruth_migrations' AS found_table, 'counts_json' AS found_column,
    any_value(row_count) AS expected, sum(counted) AS found
FROM ledger_counts
GROUP BY migration_id, column_name
HAVING sum(counted) IS DISTINCT FROM any_value(row_count)
