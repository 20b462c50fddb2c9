"""Cells of many kilobytes are read apart, a few at a time, so that memory stays bounded whatever a cell holds.

DuckDB works on 2,048 rows at once and copies a text for most of what is asked of it: a few cells of ten megabytes
among them would take gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

LONG_BYTES = 1 << 16
"""Texts above this are long."""

BATCH_BYTES = 8_000_000

JSON_COLUMNS = {
    "turns": ("turn_metadata_json", "turn_data_json"),
    "blocks": ("payload_json", "block_metadata_json"),
    "timeline_entities": ("entity_json",),
}
"""The columns of a table that can be long and that the staging looks into."""


def is_long(column: str) -> str:
    """SQLite's condition for a long cell; NULL counts as short."""
    # SQLite has an own function for this only since 3.43; the one inside DuckDB's scanner is older.
    return f"coalesce(length(CAST({column} AS BLOB)), 0) > {LONG_BYTES}"


def any_long(columns: Sequence[str]) -> str:
    """SQLite's condition for a row with a long cell in any of the columns."""
    return "(" + " OR ".join(is_long(column) for column in columns) + ")"


def lengths(columns: Sequence[str]) -> str:
    """SQLite's expression for the bytes of all the columns of a row."""
    return " + ".join(f"coalesce(length(CAST({column} AS BLOB)), 0)" for column in columns)


def batches(rows: Sequence[tuple[int, int]], limit_bytes: int = BATCH_BYTES) -> Iterator[list[int]]:
    """Group rows, given as id and bytes, in their order; a group exceeds the limit only if it is a single row."""
    batch: list[int] = []
    filled_bytes = 0
    for row_id, row_bytes in rows:
        if batch and filled_bytes + row_bytes > limit_bytes:
            yield batch
            batch, filled_bytes = [], 0
        batch.append(row_id)
        filled_bytes += row_bytes
    if batch:
        yield batch
