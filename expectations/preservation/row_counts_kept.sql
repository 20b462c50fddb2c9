-- title: Each table has as many rows as in the baseline, besides those that came later
-- severity: critical
-- needs: turns, baseline
-- identity: table_name
-- scans: preservation_summary
-- remedy: See which rows the checks turns_kept, turns_not_added, blocks_unchanged and snapshots_unchanged name.
-- breaks: baseline: DELETE FROM turns WHERE rowid = (SELECT min(rowid) FROM turns)
-- also_fails: turns_not_added
SELECT
    "table" AS table_name,
    "table" AS found_table,
    rows_before + appended AS expected,
    rows_after AS found
FROM preservation_summary
WHERE rows_after <> rows_before + appended
