-- title: The columns that the migration says it added stand behind the ones that were there
-- severity: critical
-- failure: The ledger names 1 added column that does not stand where it says | The ledger names {n} added columns that
--   do not stand where it says
-- kind: wrong
-- needs: turns, ledger
-- identity: column_name
-- scans: table_columns
-- remedy: A table that had the columns from the beginning cannot have been given them. Is this the file that was
--   migrated?
-- breaks: turns: UPDATE turntruth_migrations SET columns_added = columns_added || ',turn_data_json' WHERE step =
--   'migration'
-- consequence_of: attribution_columns_exist
SELECT a.column_name, 'turntruth_migrations' AS found_table, 'columns_added' AS found_column,
    'behind the older columns of turns' AS expected, coalesce('column ' || (c.position + 1), 'no such column') AS found
FROM added_columns a
LEFT JOIN table_columns c ON c.role = 'turns' AND c.table_name = 'turns' AND c.column_name = a.column_name
WHERE c.position IS NULL OR c.position < (
    SELECT max(older.position) FROM table_columns older
    WHERE older.role = 'turns' AND older.table_name = 'turns'
        AND older.column_name NOT IN (SELECT column_name FROM added_columns)
        AND older.column_name IN (SELECT d.column_name FROM declared_columns d WHERE d.table_name = 'turns'))
UNION ALL
SELECT missing.column_name, 'turntruth_migrations', 'columns_added', 'named by a migration of this shape', 'not named'
FROM (VALUES ('runtime_key'), ('inference_id')) missing (column_name)
WHERE EXISTS (SELECT 1 FROM ledger WHERE step = 'migration' AND shape IN ('before_runtime', 'without_updated_at'))
    AND missing.column_name NOT IN (SELECT column_name FROM added_columns)
