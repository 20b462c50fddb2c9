INSERT INTO tenants
SELECT l.tenant, l.store, l.path, l.sha256, kept.turns, l.runtime_known, l.inference_known, kept.schema_sha256,
    kept.ledger_version, kept.first_ms, kept.last_ms
FROM read_parquet($1, filename = true) AS kept
JOIN places ON places.folder || '/file_facts.parquet' = kept.filename
JOIN listed AS l USING (tenant)
