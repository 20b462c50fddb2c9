-- Profile switches are in the conversation file, which one database does not see.
SELECT NULL AS turn_ref, NULL AS conv_id, NULL AS switch_runtime
WHERE false
