INSERT INTO $ledger
SELECT migration_id, step, state, shape, evidence, whole_number(started_at_ms), whole_number(finished_at_ms),
    counts_json, columns_added, whole_number(high_rowid), turntruth_version, sqlite_version
FROM sqlite_query($catalog, 'SELECT * FROM turntruth_migrations');
