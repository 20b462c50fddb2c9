-- title: A migration that calls its evidence direct has used none from profiles or aliases
-- severity: critical
-- failure: 1 migration used other evidence than it says | {n} migrations used other evidence than they say
-- kind: wrong
-- needs: turns, ledger
-- identity: migration_id
-- scans: ledger
-- remedy: The level decides which empty values count as residue. Either the ledger was edited, or the migration did not
--   keep to it.
-- breaks: turns: UPDATE turntruth_migrations SET evidence = 'direct' WHERE step = 'migration'
SELECT migration_id, 'turntruth_migrations' AS found_table, 'evidence' AS found_column,
    'all' AS expected, evidence AS found
FROM ledger
WHERE step = 'migration' AND evidence = 'direct' AND json_valid(counts_json)
    AND regexp_matches(counts_json, '"(profile|alias)":\s*[1-9]')
