-- title: Every step of the migration lies within its run
-- severity: critical
-- needs: turns, ledger
-- identity: migration_id, step
-- scans: ledger
-- remedy: The start of the run decides which turns count as older than the migration. Correct the edited time.
-- breaks: turns: UPDATE turntruth_migrations SET started_at_ms = started_at_ms + 3600000 WHERE step = 'migration'
SELECT s.migration_id, s.step, 'turntruth_migrations' AS found_table, 'started_at_ms, finished_at_ms' AS found_column,
    r.started_ms || ', ' || r.finished_ms AS expected, s.started_ms || ', ' || s.finished_ms AS found
FROM ledger s JOIN ledger r ON r.migration_id = s.migration_id AND r.step = 'migration'
WHERE s.started_ms < r.started_ms OR (s.finished_ms > 0 AND s.finished_ms < s.started_ms)
    OR (r.finished_ms > 0 AND s.finished_ms > r.finished_ms) OR s.started_ms IS NULL OR s.started_ms <= 0
