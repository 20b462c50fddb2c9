-- title: Every step of the migration lies within its run
-- severity: critical
-- failure: The steps of 1 migration do not lie within its run | The steps of {n} migrations do not lie within their
--   runs
-- kind: wrong
-- needs: turns, ledger
-- identity: migration_id
-- scans: ledger
-- remedy: The start of the run decides which turns count as older than the migration. Correct the edited time.
-- breaks: turns: UPDATE turntruth_migrations SET started_at_ms = started_at_ms + 3600000 WHERE step = 'migration'
SELECT r.migration_id, 'turntruth_migrations' AS found_table, 'started_at_ms, finished_at_ms' AS found_column,
    'steps within ' || min(r.started_ms) || ' to ' || max(r.finished_ms) AS expected,
    string_agg(s.step || ' ' || coalesce(CAST(s.started_ms AS VARCHAR), 'no number')
        || ' to ' || coalesce(CAST(s.finished_ms AS VARCHAR), 'no number'), ', ' ORDER BY s.step) AS found
FROM ledger r JOIN ledger s USING (migration_id)
WHERE r.step = 'migration' AND (
    s.started_ms IS NULL OR s.started_ms <= 0 OR s.started_ms < r.started_ms
    OR (s.finished_ms > 0 AND s.finished_ms < s.started_ms) OR (r.finished_ms > 0 AND s.finished_ms > r.finished_ms))
GROUP BY r.migration_id
