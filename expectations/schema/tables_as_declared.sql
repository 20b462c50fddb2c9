-- title: No table says more than its declared columns or the file from before: no CHECK, COLLATE, ON CONFLICT, UNIQUE,
--   STRICT or WITHOUT ROWID
-- severity: critical
-- failure: 1 table says more than its declared columns | {n} clauses of tables say more than their declared columns
-- kind: form
-- needs: turns
-- identity: table_name, clause
-- scans: table_facts
-- remedy: Such a clause changes what can be written or how texts compare. Where it stands at a column of ours, other
--   than a CHECK, turntruth migrate --rebuild declares that anew; else copy the rows into a table of the right
--   definition.
-- breaks: turns: PRAGMA writable_schema = ON
-- breaks: turns: UPDATE sqlite_schema SET sql = replace(sql, 'kind TEXT NOT NULL', 'kind TEXT NOT NULL CHECK (kind <>
--   '''')') WHERE name = 'blocks'
-- breaks: turns: PRAGMA writable_schema = RESET
SELECT table_name, clause, table_name AS found_table, 'no ' || clause AS expected, clause AS found
FROM extra_clauses found
WHERE role <> 'baseline'
    -- What the file from before says as well is no change: the comparison of both looks at the definitions word by
    -- word.
    AND NOT EXISTS (SELECT 1 FROM extra_clauses b
        WHERE b.role = 'baseline' AND found.role = 'turns' AND b.table_name = found.table_name
            AND b.clause = found.clause)
