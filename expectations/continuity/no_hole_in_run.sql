-- title: No turn inside a run of one runtime is empty although its runtime can be known
-- severity: critical
-- failure: 1 turn inside a run of one runtime is empty though its runtime can be known | {n} turns inside a run of one
--   runtime are empty though their runtime can be known
-- kind: missing
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: runtime_history
-- remedy: Run turntruth migrate again for turns with evidence; for turns after the migration find the program that did
--   not say which runtime it used.
-- consequence_of: runtime_complete
-- breaks: turns: UPDATE turns SET runtime_key = '' WHERE rowid = (SELECT b.rowid FROM turns a JOIN turns b ON b.rowid =
--   a.rowid + 1 AND b.conv_id = a.conv_id AND b.runtime_key = a.runtime_key JOIN turns c ON c.rowid = a.rowid + 2 AND
--   c.conv_id = a.conv_id AND c.runtime_key = a.runtime_key WHERE a.runtime_key <> '' LIMIT 1)
SELECT t.conv_id, t.session_id, t.turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    h.previous_known AS expected, '' AS found
FROM runtime_history h JOIN turns t USING (turn_ref)
WHERE h.runtime_key = '' AND h.previous_known = h.next_known AND (h.evidence_runtime <> '' OR h.era = 'after')
