-- title: No column of the file holds all of its times in another unit than milliseconds
-- severity: critical
-- failure: All times of a file are in another unit than milliseconds | All times of {n} files are in another unit than
--   milliseconds
-- kind: wrong
-- needs: turns
-- identity: role, unit
-- scans: time_columns
-- remedy: The program that wrote or imported the file counts in another unit. Convert all named columns at once, on a
--   copy; turns sort rightly among each other, but not among those that are saved from now on.
-- breaks: turns: UPDATE turn_block_membership SET snapshot_created_at_ms = snapshot_created_at_ms / 1000
-- breaks: turns: UPDATE turns SET turn_created_at_ms = turn_created_at_ms / 1000, updated_at_ms = updated_at_ms / 1000
-- breaks: turns: UPDATE blocks SET first_seen_at_ms = first_seen_at_ms / 1000
SELECT role, only_unit AS unit, string_agg(DISTINCT found_table, ', ' ORDER BY found_table) AS found_table,
    string_agg(DISTINCT found_column, ', ' ORDER BY found_column) AS found_column,
    'milliseconds' AS expected, only_unit AS found
FROM time_columns
WHERE only_unit <> ''
GROUP BY role, only_unit
