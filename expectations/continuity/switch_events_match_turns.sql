-- title: The turns before and behind a profile switch name the runtimes it came from and led to
-- severity: warning
-- failure: The turns around 1 profile switch name other runtimes than its event | The turns around {n} profile switches
--   name other runtimes than their events
-- kind: wrong
-- needs: turns, timeline
-- identity: conv_id, entity_id
-- scans: profile_switches
-- remedy: The metadata of the turns is the better witness of what ran. Correct the time or the runtimes of the event,
--   or find out which program wrote it.
-- consequence_of: runtime_matches_evidence
-- breaks: timeline: UPDATE timeline_entities SET entity_json = json_set(entity_json, '$.props.to', 'elsewhere',
--   '$.props.runtime_key', 'elsewhere') WHERE rowid = (SELECT max(rowid) FROM timeline_entities WHERE kind =
--   'profile_switch')
SELECT conv_id, entity_id, 'timeline_entities' AS found_table, 'entity_json' AS found_column, expected, found
FROM misplaced_switches
