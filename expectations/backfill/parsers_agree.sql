-- title: Every parser reads the same out of the metadata
-- severity: info
-- failure: The metadata of 1 turn is read differently by other programs | The metadata of {n} turns is read differently
--   by other programs
-- kind: form
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: second_readings
-- remedy: Of duplicate keys the last counts here, elsewhere perhaps the first; a broken character reads as U+FFFD; some
--   parsers take NaN or a comma too many. Write the text anew if such readers use it.
-- breaks: turns: UPDATE turns SET turn_metadata_json = '{"runtime":"first","runtime":""}' WHERE rowid = (SELECT
--   min(rowid) FROM turns WHERE runtime_key = '' AND inference_id = '')
SELECT conv_id, session_id, turn_id, 'turns' AS found_table, 'turn_metadata_json' AS found_column,
    runtime_evidence || ', ' || inference_evidence AS expected,
    CASE WHEN oddities <> '' THEN oddities || ': ' ELSE '' END || sql_runtime || ', ' || sql_inference AS found
FROM second_readings
WHERE oddities <> '' OR (NOT nested AND (sql_runtime, sql_inference) <> (runtime_evidence, inference_evidence))
