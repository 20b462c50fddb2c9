-- title: Every turn's data is a JSON object
-- severity: critical
-- failure: The data of 1 turn is no JSON object | The data of {n} turns is no JSON object
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Programs cannot show the turn. Repair the text if a backup has it, or set it to {}.
-- breaks: turns: UPDATE turns SET turn_data_json = '[]' WHERE rowid = (SELECT min(rowid) FROM turns)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'turn_data_json' AS found_column,
    'a JSON object' AS expected, 'malformed' AS found
FROM damaged_turn_data
