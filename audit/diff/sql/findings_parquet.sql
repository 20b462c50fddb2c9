COPY (
    SELECT change, kind, "table", key, "column", before, after
    FROM read_json(
        {source}, format = 'newline_delimited', maximum_object_size = {longest_bytes},
        columns = {
            change: 'VARCHAR', kind: 'VARCHAR', "table": 'VARCHAR', key: 'VARCHAR', "column": 'VARCHAR',
            before: 'VARCHAR', after: 'VARCHAR'
        }
    )
) TO {target} (FORMAT parquet, COMPRESSION zstd)
