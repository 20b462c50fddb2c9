-- title: The counts of the migration add up
-- severity: critical
-- failure: The counts of 1 migration do not add up | The counts of {n} migrations do not add up
-- kind: wrong
-- needs: turns, ledger
-- identity: migration_id
-- scans: ledger
-- remedy: Every turn is filled, kept, unknown or malformed. Either the migration miscounted, or the ledger was edited.
--   Counts that are no JSON stop the next run as well.
-- breaks: turns: UPDATE turntruth_migrations SET counts_json = json_set(counts_json, '$.rows',
--   json_extract(counts_json, '$.rows') + 1) WHERE step = 'migration'
-- consequence_of: ledger_counts_true
SELECT migration_id, 'turntruth_migrations' AS found_table, 'counts_json' AS found_column,
    arg_min(expected, is_damage) AS expected, arg_min(found, is_damage) AS found
FROM (
    SELECT migration_id, 0 AS is_damage, min(row_count) || ' turns for each column' AS expected,
        string_agg(column_name || ' ' || counted, ', ' ORDER BY column_name) AS found
    FROM (SELECT migration_id, column_name, min(row_count) AS row_count, sum(counted) AS counted
        FROM ledger_counts GROUP BY ALL)
    GROUP BY migration_id
    HAVING bool_or(counted IS DISTINCT FROM row_count)
    UNION ALL
    -- Of runs that did not end as well: their counts are no claim yet, but the next run goes on from them.
    SELECT migration_id, 1 AS is_damage, 'a JSON object' AS expected, min(counts_json) AS found
    FROM ledger WHERE coalesce(upper(json_type(CASE WHEN json_valid(counts_json) THEN counts_json END)), '') <> 'OBJECT'
    GROUP BY migration_id
)
GROUP BY migration_id
