-- title: The versions of a conversation are not behind its entities
-- severity: critical
-- failure: The versions of 1 conversation are behind its entities | {n} versions of conversations are behind their
--   entities
-- kind: lost
-- needs: turns, timeline
-- identity: conv_id, counter
-- scans: entity_spans
-- remedy: A reader that asks for what is newer than the version it has seen misses entities. Set the version to the
--   highest of the conversation's entities.
-- breaks: timeline: UPDATE timeline_versions SET version = version - 1 WHERE rowid = (SELECT min(rowid) FROM
--   timeline_versions WHERE version > 0)
SELECT conv_id, counter, found_table, found_column, expected, found
FROM version_counters
WHERE found < expected
