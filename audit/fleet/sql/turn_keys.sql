INSERT INTO turn_keys
SELECT places.tenant, places.store, conv_id, session_id, turn_id,
    /*each column*/
    {column},
    /*end column*/
    created_ms, first_snapshot_ms
FROM read_parquet($1, filename = true) AS kept
JOIN places ON places.folder || '/turn_keys.parquet' = kept.filename
