-- title: Every runtime is one that the profile registry knows
-- severity: critical
-- failure: 1 turn has a runtime that the registry does not know | {n} turns have a runtime that the registry does not
--   know
-- kind: wrong
-- needs: turns, registry
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: A misspelt or retired runtime. Add it to the registry file if it was right at its time, or find the writer.
-- consequence_of: columns_not_swapped, made_up_values, no_blank_padding, no_invisible_characters, no_placeholder,
--   runtime_matches_evidence, stored_as_text
-- breaks: turns: UPDATE turns SET runtime_key = 'retired', turn_metadata_json = json_set(turn_metadata_json,
--   '$."geppetto.runtime@v1"', 'retired') WHERE rowid = (SELECT b.rowid FROM turns b WHERE b.runtime_key <> '' AND
--   EXISTS (SELECT 1 FROM turns c WHERE c.conv_id = b.conv_id AND c.runtime_key <> '' AND c.turn_created_at_ms >
--   b.turn_created_at_ms) LIMIT 1)
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'runtime_key' AS found_column,
    'a runtime of the registry' AS expected, runtime_key AS found
FROM turn_evidence
WHERE runtime_key <> '' AND runtime_key NOT IN (SELECT runtime_key FROM registry_runtimes)
    AND regexp_replace(runtime_key, '@v[0-9]+$', '') NOT IN (SELECT runtime_key FROM registry_runtimes)
