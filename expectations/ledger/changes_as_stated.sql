-- title: The migration has changed as many cells as it states, by column and rule
-- severity: critical
-- failure: Of 1 kind of change, other cells were changed than the migration states | Of {n} kinds of changes, other
--   cells were changed than the migration states
-- kind: wrong
-- needs: turns, ledger, baseline
-- identity: column_name, rule
-- scans: change_statement
-- remedy: Every cell that differs from the baseline is one that the migration states, and every one that it states
--   differs. Either a cell was changed by something else, or back to what it was, or the ledger was edited.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_insert(counts_json, '$.changes[#]',
--   json_object('table', 'turns', 'column', 'updated_at_ms', 'rule', 'repaired from turn_created_at_ms', 'cells', 7))
--   WHERE step = 'migration'
-- consequence_of: attribution_columns_exist, attribution_not_overwritten, guessed_from_neighbour,
--   guessed_from_pointer, inference_complete, inference_not_shared, made_up_values, no_blank_padding,
--   no_invisible_characters, no_null_value, no_placeholder, runtime_complete, runtime_matches_evidence, stored_as_text
SELECT column_name, rule, table_name AS found_table, column_name AS found_column,
    rule || ': ' || stated || ' stated' AS expected,
    rule || ': ' || CASE WHEN possible > found THEN found || ' to ' || possible ELSE CAST(found AS VARCHAR) END
        || ' found' AS found
FROM change_statement
WHERE is_comparable AND stated NOT BETWEEN found AND possible AND NOT EXISTS (SELECT 1 FROM silent_runs)
