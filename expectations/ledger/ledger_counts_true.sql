-- title: The turns hold what the migration counted
-- severity: critical
-- failure: 1 count of the migration is not what the turns hold | {n} counts of the migration are not what the turns
--   hold
-- kind: wrong
-- needs: turns, ledger
-- identity: migration_id, column_name, outcome
-- scans: ledger_counts
-- remedy: Values of turns that nobody saved since the migration were changed, or turns added with old times, or the
--   ledger was edited.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_set(counts_json, '$.runtime_key.unknown', 0) WHERE
--   step = 'migration'
-- consequence_of: attribution_columns_exist, completion_true, guessed_from_neighbour, guessed_from_pointer,
--   inference_complete, inference_not_shared, made_up_values, metadata_readable, no_blank_padding, no_hole_in_run,
--   no_invisible_characters, no_null_value, no_placeholder, runtime_complete, stored_as_text
SELECT migration_id, column_name, outcome, 'turntruth_migrations' AS found_table, 'counts_json' AS found_column,
    found AS expected, counted AS found
FROM ledger_counts
WHERE found > counted OR (complete AND found <> counted) OR counted IS NULL
