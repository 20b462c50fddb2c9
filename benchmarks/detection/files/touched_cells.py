"""What the files of a folder hold, cell by cell: so one sees what a fault has touched, whatever it has logged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw

from benchmarks.detection.files.site import ROLES
from store.sqlite.database import quote_identifier

Cell = tuple[str, str, int, str]
"""Role of a file, table, rowid, column."""
_EVIDENCE, _ATTRIBUTION = "turn_metadata_json", ("runtime_key", "inference_id")


def read_cells(folder: Path) -> dict[Cell, object]:
    """Every cell of the three files, with its storage class."""
    return {cell: value for role in ROLES for cell, value in _cells_of(role, folder / f"{role}.db")}


def _cells_of(role: str, path: Path) -> Iterator[tuple[Cell, object]]:
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        tables = connection.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT wr").fetchall()
        for (table,) in tables:
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
            names = [str(name) for (name,) in columns]
            # As bytes: a fault may have left a text that is no UTF-8.
            read = ", ".join(f"typeof({name}), CAST({name} AS BLOB)" for name in map(quote_identifier, names))
            for row_id, *values in connection.execute(f"SELECT rowid, {read} FROM {quote_identifier(str(table))}"):
                for at, name in enumerate(names):
                    yield (role, str(table), int(str(row_id)), name), (values[2 * at], values[2 * at + 1])


def touched(before: dict[Cell, object], after: dict[Cell, object]) -> set[Cell]:
    """The cells that came, went, or hold something else."""
    return {cell for cell in before.keys() | after.keys() if before.get(cell) != after.get(cell)}


def with_what_follows(cells: set[Cell]) -> set[Cell]:
    """These cells, and the attribution of the turns whose evidence is among them: other evidence, another fault."""
    rows = {row_id for _, table, row_id, column in cells if table == "turns" and column == _EVIDENCE}
    return cells | {("turns", "turns", row_id, column) for row_id in rows for column in _ATTRIBUTION}
