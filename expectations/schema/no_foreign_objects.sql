-- title: Nothing of other programs lies beside the declared tables
-- severity: info
-- failure: 1 object of another program lies in the file | {n} objects of other programs lie in the file
-- kind: form
-- needs: turns
-- identity: role, table_name, object_name
-- scans: schema_objects
-- remedy: Nothing need be done. The baseline has these objects too, or, without a baseline, they are of a kind that
--   many programs use: search tables with the triggers that feed them, R*Trees, vectors. What is neither is told by
--   checks of its own.
-- breaks: turns: CREATE VIRTUAL TABLE notes USING fts5(body)
-- consequence_of: other_tables_unchanged
SELECT role, table_name, name AS object_name, table_name AS found_table, 'no object of another program' AS expected,
    type || ': ' || CASE WHEN kind = known_as THEN kind ELSE coalesce(kind || ', ', '') || known_as END AS found
FROM foreign_objects
WHERE known_as IS NOT NULL AND (kind IS NULL OR kind NOT LIKE 'rows of %')
