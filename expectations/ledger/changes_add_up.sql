-- title: What a run states of its changes is what its steps state, and what it counts by evidence
-- severity: critical
-- failure: What the migration states of 1 kind of change does not add up | What the migration states of {n} kinds of
--   changes does not add up
-- kind: wrong
-- needs: turns, ledger
-- identity: column_name, rule
-- scans: change_sums
-- remedy: One record of the run contradicts another. Either the migration miscounted, or the ledger was edited.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_insert(counts_json, '$.changes[#]',
--   json_object('table', 'turns', 'column', 'updated_at_ms', 'rule', 'repaired from turn_created_at_ms', 'cells', 7))
--   WHERE step = 'migration'
-- consequence_of: changes_as_stated, ledger_counts_true
SELECT column_name, rule, 'turntruth_migrations' AS found_table, 'counts_json' AS found_column,
    rule || ': '
        || string_agg(coalesce(CAST(counted AS VARCHAR), 'nothing') || ' by its ' || source, ', ' ORDER BY source)
        AS expected,
    rule || ': ' || min(stated) || ' stated' AS found
FROM change_sums WHERE counted IS DISTINCT FROM stated GROUP BY column_name, rule
