"""DuckDB as it reads SQLite files: its extension, and how names and texts are quoted."""
