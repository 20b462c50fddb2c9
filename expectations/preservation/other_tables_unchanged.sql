-- title: Every row of every other table is the same
-- severity: critical
-- failure: 1 row of another table is not as in the file before | {n} rows of other tables are not as in the file before
-- kind: lost
-- needs: turns, baseline
-- identity: conv_id, session_id, turn_id, row_key
-- scans: preservation_summary
-- remedy: Restore the rows from the baseline; the migration touches no table besides turns.
-- breaks: turns: CREATE TABLE team_notes AS SELECT 1 AS note_id, 'changed' AS note
-- breaks: baseline: CREATE TABLE team_notes AS SELECT 1 AS note_id, 'as it was' AS note
SELECT
    conv_id,
    session_id,
    turn_id,
    key AS row_key,
    "table" AS found_table,
    "column" AS found_column,
    CASE kind WHEN 'changed' THEN expected WHEN 'deleted' THEN 'the row' ELSE 'no such row' END AS expected,
    CASE kind WHEN 'changed' THEN found WHEN 'deleted' THEN 'missing' ELSE 'the row' END AS found
FROM preservation_differences
WHERE kind IN ('changed', 'deleted', 'inserted') AND "table" NOT IN ('turns', 'blocks', 'turn_block_membership')
