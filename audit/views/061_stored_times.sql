-- One row a time that is stored and not 0, which means not known: where it stands, and which unit it shows.
--   turn_ref   the turn it belongs to; conv_id the conversation, for those of the conversation file
--   ms         the number, read as milliseconds since 1970
--   unit       seconds | microseconds | nanoseconds: the number is a time from 2000 to 2099 in that unit, and read as
--              milliseconds one of January or February 1970, or one behind the year 2100; '' for all others
CREATE VIEW stored_times AS
WITH cells AS (
    SELECT 'turns' AS role, 'turns' AS found_table, 'turn_created_at_ms' AS found_column, turn_ref, '' AS conv_id,
        created_ms AS ms FROM turns
    UNION ALL SELECT 'turns', 'turns', 'updated_at_ms', turn_ref, '', updated_ms FROM turns
    UNION ALL SELECT 'turns', 'turn_block_membership', 'snapshot_created_at_ms', turn_ref, '', snapshot_ms
        FROM snapshots
    UNION ALL SELECT 'turns', 'blocks', 'first_seen_at_ms', NULL, '', first_seen_ms FROM blocks
    UNION ALL SELECT 'timeline', 'timeline_conversations', 'created_at_ms', NULL, conv_id, created_ms FROM conversations
    UNION ALL SELECT 'timeline', 'timeline_conversations', 'last_activity_ms', NULL, conv_id, last_activity_ms
        FROM conversations
    UNION ALL SELECT 'timeline', 'timeline_entities', 'created_at_ms', NULL, conv_id, created_ms FROM profile_switches
)
SELECT role, found_table, found_column, turn_ref, conv_id, ms,
    CASE WHEN ms BETWEEN 946684800 AND 4102444800 THEN 'seconds'
         WHEN ms BETWEEN 946684800000000 AND 4102444800000000 THEN 'microseconds'
         WHEN ms BETWEEN 946684800000000000 AND 4102444800000000000 THEN 'nanoseconds' ELSE '' END AS unit
FROM cells WHERE ms > 0;
