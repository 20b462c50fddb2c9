-- title: Every block is the same, and none was lost or added
-- severity: critical
-- failure: 1 block is not as in the file before | {n} blocks are not as in the file before
-- kind: wrong
-- needs: turns, baseline, baseline_turns
-- identity: block_id, content_hash
-- scans: preservation_summary
-- remedy: Restore the block from the baseline; blocks newer than anything in it are expected and not reported.
-- consequence_of: file_times_in_milliseconds
-- breaks: baseline: UPDATE blocks SET payload_json = payload_json || ' '
--   WHERE rowid = (SELECT min(rowid) FROM blocks)
SELECT
    json_extract_string(key, '$.block_id') AS block_id,
    json_extract_string(key, '$.content_hash') AS content_hash,
    "table" AS found_table,
    "column" AS found_column,
    CASE kind WHEN 'changed' THEN expected WHEN 'deleted' THEN 'the row' ELSE 'no such row' END AS expected,
    CASE kind WHEN 'changed' THEN found WHEN 'deleted' THEN 'missing' ELSE 'the row' END AS found
FROM preservation_differences
WHERE kind IN ('changed', 'deleted', 'inserted') AND "table" = 'blocks'
