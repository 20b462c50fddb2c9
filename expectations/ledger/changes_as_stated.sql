-- title: The migration has changed as many cells as it states, by column and rule
-- severity: critical
-- needs: turns, ledger, baseline
-- identity: column_name, rule
-- scans: change_statement
-- remedy: Every cell that differs from the baseline is one that the migration states, and every one that it states
--   differs. Either a cell was changed by something else, or back to what it was, or the ledger was edited.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_insert(counts_json, '$.changes[#]',
--   json_object('table', 'turns', 'column', 'updated_at_ms', 'rule', 'repaired from turn_created_at_ms', 'cells', 7))
--   WHERE step = 'migration'
-- consequence_of: attribution_not_overwritten
SELECT column_name, rule, table_name AS found_table, column_name AS found_column,
    rule || ': ' || stated || ' stated' AS expected,
    rule || ': ' || CASE WHEN possible > found THEN found || ' to ' || possible ELSE CAST(found AS VARCHAR) END
        || ' found' AS found
FROM change_statement
WHERE is_comparable AND stated NOT BETWEEN found AND possible AND NOT EXISTS (SELECT 1 FROM silent_runs)
