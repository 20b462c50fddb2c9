"""``findings.parquet``: every row that a check named, with the columns of ``findings.csv`` and why it is accepted.

Values are as they are, without the apostrophe that keeps a spreadsheet from running a cell of the CSV file.
"""

from __future__ import annotations

from pathlib import Path

from audit.checks.runner import FINDING_COLUMNS
from audit.staging.warehouse import Warehouse, quote_identifier, quote_literal

FINDINGS_PARQUET = "findings.parquet"


def write_findings_parquet(warehouse: Warehouse) -> Path:
    """Write the file into the folder of a released warehouse; streamed by DuckDB, whatever the number of findings.

    Raises
    ------
    duckdb.Error
        It cannot be written, for example because the disk is full.
    """
    path = warehouse.folder / FINDINGS_PARQUET
    columns = ", ".join(map(quote_identifier, (*FINDING_COLUMNS, "accepted")))
    warehouse.connection.execute(
        f"COPY (SELECT {columns} FROM findings ORDER BY ALL) TO {quote_literal(str(path))}"
        " (FORMAT parquet, COMPRESSION zstd)"
    )
    return path
