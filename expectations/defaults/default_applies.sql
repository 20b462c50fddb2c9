-- title: A row inserted without the two columns gets '' in both, as text
-- severity: critical
-- failure: 1 column does not get '' where a row is inserted without it | {n} columns do not get '' where a row is
--   inserted without them
-- kind: form
-- needs: turns
-- identity: column_name
-- scans: default_probe
-- remedy: Tried on a private empty table of the same definition, with its triggers. Correct the default, or drop the
--   trigger that sets another value.
-- breaks: turns: CREATE TRIGGER guess_runtime AFTER INSERT ON turns WHEN new.runtime_key = '' BEGIN UPDATE turns SET
--   runtime_key = 'default' WHERE rowid = new.rowid; END
-- consequence_of: attribution_columns_exist, no_triggers
SELECT column_name, 'turns' AS found_table, column_name AS found_column, '''''' AS expected,
    CASE WHEN problem <> '' THEN problem ELSE storage_class || ' ' || value END AS found
FROM default_probe
WHERE problem <> '' OR storage_class <> 'text' OR value <> ''
