"""What is kept of one file's turns and conversations for questions across files: three parquet files."""

from __future__ import annotations

from pathlib import Path

import duckdb

from audit.sqlite.attributed_column import render
from audit.staging.warehouse import quote_literal

TURN_KEYS = "turn_keys.parquet"
CONVERSATION_KEYS = "conversation_keys.parquet"
FILE_FACTS = "file_facts.parquet"

_SQL = Path(__file__).with_name("sql")


def write_turn_keys(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the files into ``folder``; the rows must be staged and the warehouse not yet locked."""
    for name in (TURN_KEYS, CONVERSATION_KEYS, FILE_FACTS):
        query = render((_SQL / name).with_suffix(".sql").read_text(encoding="utf-8"))
        connection.execute(f"COPY ({query}) TO {quote_literal(str(folder / name))} (FORMAT parquet, COMPRESSION zstd)")
