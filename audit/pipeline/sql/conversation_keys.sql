-- The pointers of one file's conversations, which the turns of other files may belong to.
SELECT
    coalesce(conv_id, '') AS conv_id, coalesce(session_id, '') AS session_id, coalesce(runtime_key, '') AS runtime_key
FROM conversations
