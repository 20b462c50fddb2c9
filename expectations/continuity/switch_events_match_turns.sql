-- title: The turns before and behind a profile switch name the runtimes it came from and led to
-- severity: warning
-- needs: turns, timeline
-- identity: conv_id, entity_id
-- scans: profile_switches
-- remedy: The metadata of the turns is the better witness of what ran. Correct the time or the runtimes of the event,
--   or find out which program wrote it.
-- breaks: timeline: UPDATE timeline_entities SET entity_json = json_set(entity_json, '$.props.to', 'elsewhere',
--   '$.props.runtime_key', 'elsewhere') WHERE rowid = (SELECT max(rowid) FROM timeline_entities WHERE kind =
--   'profile_switch')
SELECT conv_id, entity_id, 'timeline_entities' AS found_table, 'entity_json' AS found_column, expected, found
FROM misplaced_switches
