-- One row a conversation with entities and counter: the version it must have reached, and the one it has.
CREATE VIEW version_counters AS
SELECT e.conv_id, 'timeline_versions' AS counter, 'timeline_versions' AS found_table, 'version' AS found_column,
    e.last_version AS expected, v.version AS found
FROM entity_spans e JOIN timeline_versions v USING (conv_id)
UNION ALL
SELECT e.conv_id, 'last_seen_version', 'timeline_conversations', 'last_seen_version', e.last_version,
    c.last_seen_version
FROM entity_spans e JOIN conversations c USING (conv_id);
