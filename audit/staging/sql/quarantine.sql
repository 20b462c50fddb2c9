INSERT INTO quarantined_texts
SELECT CAST(source_rowid AS BIGINT)
FROM sqlite_query($catalog,
    'SELECT source_rowid FROM turntruth_quarantine WHERE source_table = ''turn_snapshots_legacy''');
