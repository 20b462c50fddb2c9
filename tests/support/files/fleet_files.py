"""The files of a small fleet, of every shape that a generator writes, and what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw

from audit.fleet.manifest import FleetFile
from store.migration import migrate
from support.files.migration_files import write_before_columns, write_payload_table


def write_fleet(folder: Path, turns: int = 40) -> list[Path]:
    """Ten files: with a write-ahead log and without, of the oldest shapes, and two that are migrated already."""
    folder.mkdir(exist_ok=True)
    paths = [
        write_before_columns(folder / "t01.db", turns, journal="wal"),
        write_before_columns(folder / "t02.db", turns),
        write_before_columns(folder / "t03.db", turns, updated=False),
        write_payload_table(folder / "t04.db"),
        write_payload_table(folder / "t05.db", session="run_id"),
        write_before_columns(folder / "t06.db", turns + 7, journal="wal"),
        write_payload_table(folder / "t07.db", name="turn_snapshots"),
        write_before_columns(folder / "t08.db", turns + 11),
        write_before_columns(folder / "t09.db", turns),
        write_before_columns(folder / "t10.db", turns, journal="wal"),
    ]
    for path in paths[-2:]:
        migrate(path, backup=False)
    return paths


def rows_of(*paths: Path) -> tuple[FleetFile, ...]:
    """Manifest rows of files, each its own tenant."""
    return tuple(FleetFile(number, path.stem, str(path)) for number, path in enumerate(paths, 1))


def everything(path: Path) -> dict[str, Any]:
    """All objects that are defined in a file and all rows of its tables, as sets of their own order."""
    connection = apsw.Connection(str(path))
    try:
        objects = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()
        tables = [str(name) for kind, name, _ in objects if kind == "table"]
        rows = {table: connection.execute(f'SELECT rowid, * FROM "{table}" ORDER BY 1').fetchall() for table in tables}
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
    return {"objects": objects, **rows}


def migrated_content(path: Path) -> dict[str, Any]:
    """The same without what tells when it was migrated: names of runs and times."""
    found = everything(path)
    found.pop("turntruth_migrations", None)
    return found
