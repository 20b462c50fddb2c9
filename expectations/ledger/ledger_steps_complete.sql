-- title: A migration that calls itself completed has ended its steps, the proof among them
-- severity: critical
-- failure: 1 step of a completed migration has not ended | {n} steps of a completed migration have not ended
-- kind: missing
-- needs: turns, ledger
-- identity: migration_id, step
-- scans: ledger
-- remedy: The run is called completed, but not all of it is. Run turntruth migrate again, and find out who edited the
--   ledger.
-- breaks: turns: UPDATE turntruth_migrations SET state = 'running', finished_at_ms = 0 WHERE step = 'backfill'
SELECT m.migration_id, wanted.step, 'turntruth_migrations' AS found_table, 'state' AS found_column,
    'completed' AS expected,
    coalesce(s.state || CASE WHEN s.finished_ms > 0 THEN '' ELSE ' without end' END, 'no such step') AS found
FROM last_migration m
CROSS JOIN (VALUES ('migration'), ('backfill'), ('verify')) wanted (step)
LEFT JOIN ledger s ON s.migration_id = m.migration_id AND s.step = wanted.step
WHERE m.state IN ('completed', 'completed_with_residue')
    AND NOT coalesce(s.state IN ('completed', 'completed_with_residue') AND s.finished_ms > 0, false)
