SELECT migration_id, step, state, shape, evidence, whole_number(started_at_ms) AS started_ms,
    whole_number(finished_at_ms) AS finished_ms, counts_json, columns_added, whole_number(high_rowid) AS high_rowid,
    turntruth_version, sqlite_version
FROM main.turntruth_migrations
