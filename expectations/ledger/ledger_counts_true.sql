-- title: The turns hold what the migration counted
-- severity: critical
-- needs: turns, ledger
-- identity: migration_id, column_name, outcome
-- scans: ledger_counts
-- remedy: Values of turns that nobody saved since the migration were changed, or turns added with old times, or the
--   ledger was edited.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_set(counts_json, '$.runtime_key.unknown', 0) WHERE
--   step = 'migration'
-- also_fails: ledger_sums_add_up
SELECT migration_id, column_name, outcome, 'turntruth_migrations' AS found_table, 'counts_json' AS found_column, found AS expected, counted AS found
FROM ledger_counts
WHERE found > counted OR (complete AND found <> counted) OR counted IS NULL
