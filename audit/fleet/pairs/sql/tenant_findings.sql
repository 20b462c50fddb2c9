COPY (
    SELECT *, '' AS accepted
    FROM read_json(
        {source}, format = 'newline_delimited', maximum_object_size = {longest_bytes},
        columns = {
            "check": 'VARCHAR', severity: 'VARCHAR', conv_id: 'VARCHAR', session_id: 'VARCHAR', turn_id: 'VARCHAR',
            "table": 'VARCHAR', key: 'VARCHAR', "column": 'VARCHAR', expected: 'VARCHAR', found: 'VARCHAR'
        }
    )
    ORDER BY ALL
) TO {target} (FORMAT parquet, COMPRESSION zstd)
