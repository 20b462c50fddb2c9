INSERT INTO conversation_keys
SELECT places.tenant, places.store, conv_id, session_id, runtime_key
FROM read_parquet($1, filename = true) AS kept
JOIN places ON places.folder || '/conversation_keys.parquet' = kept.filename
