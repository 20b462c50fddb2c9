-- One row at most: the run of the migration that began last.
CREATE VIEW last_migration AS
SELECT * FROM ledger WHERE step = 'migration' ORDER BY started_ms DESC, migration_id DESC LIMIT 1;

-- One row a column that a run of the migration says it added to a table that was there. A run that converted an older
-- table made the columns with the new one.
CREATE VIEW added_columns AS
SELECT DISTINCT trim(unnest(string_split(columns_added, ','))) AS column_name
FROM ledger WHERE step = 'migration' AND columns_added <> '' AND NOT starts_with(shape, 'legacy');
