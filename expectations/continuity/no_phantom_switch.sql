-- title: No turn inside a run of one runtime carries another one
-- severity: critical
-- failure: 1 turn inside a run of one runtime carries another one | {n} turns inside a run of one runtime carry another
--   one
-- kind: wrong
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: runtime_history
-- remedy: Neither the turn's metadata nor a switch event knows of this switch. Set the column from what they say.
-- breaks: turns: UPDATE turns SET runtime_key = 'phantom' WHERE rowid = (SELECT b.rowid FROM turns b WHERE
--   b.runtime_key <> '' AND (SELECT a.runtime_key FROM turns a WHERE a.conv_id = b.conv_id AND a.turn_created_at_ms <
--   b.turn_created_at_ms ORDER BY a.turn_created_at_ms DESC LIMIT 1) = b.runtime_key AND (SELECT c.runtime_key FROM
--   turns c WHERE c.conv_id = b.conv_id AND c.turn_created_at_ms > b.turn_created_at_ms ORDER BY c.turn_created_at_ms
--   LIMIT 1) = b.runtime_key LIMIT 1)
-- consequence_of: columns_not_swapped, guessed_from_pointer, history_not_relabelled, made_up_values,
--   no_blank_padding, no_invisible_characters, no_placeholder, runtime_matches_evidence, stored_as_text
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    signal AS expected, runtime_key AS found
FROM runtime_contradictions
WHERE trusted AND previous_signal = signal AND next_signal = signal
