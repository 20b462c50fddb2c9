"""What people use today to see whether a migration went well, asked about the same faults.

Each of them is given every advantage: it may know the clean files, and counts as having seen a fault as soon as it
says anything else than it says of those.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

SQLDIFF = "sqldiff"
"""The name of the program in Debian's package sqlite3-tools."""

TABLES = ("turns", "blocks", "turn_block_membership")

Look = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to look; ``look`` gets the folder with turns.db, timeline.db, baseline.db and returns what it says."""

    name: str
    what: str
    look: Look
    needs_baseline: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What a rival made of one fault or control; ``seen`` is None where it could not be run at all."""

    rival: str
    subject: str
    control: bool
    seen: bool | None
    seconds: float


def look(rival: Rival, folder: Path, subject: str, clean: Path | None) -> Sight:
    """Ask a rival; ``clean`` holds the files without the fault, None for a control, on which it should say nothing."""
    # Of a migrated file sqldiff says in any case that it differs: only what a fault adds to that can be seen.
    if rival.look is _sqldiff and (clean is None or shutil.which(SQLDIFF) is None):
        return Sight(rival.name, subject, clean is None, None, 0)
    started = time.perf_counter()
    said = _ask(rival, folder)
    seconds = time.perf_counter() - started
    expected = _ask(rival, clean) if clean else _nothing_said(rival, folder)
    return Sight(rival.name, subject, clean is None, said != expected, seconds)


def _ask(rival: Rival, folder: Path) -> object:
    try:
        return rival.look(folder)
    except apsw.Error as error:
        return str(error)


def _nothing_said(rival: Rival, folder: Path) -> object:
    """What a rival would say of a clean control: the playbook's empty values are expected, whatever their number."""
    if rival.look is _playbook:
        said = _ask(rival, folder)
        return (True, True, said[2]) if isinstance(said, tuple) else None
    if rival.look is _row_counts:
        return _equal_counts(folder)
    return _SILENT[rival.name]


def _row_counts(folder: Path) -> object:
    """Rows before and after, table by table."""
    return [_counts(folder / f"{role}.db") for role in ("baseline", "turns")]


def _equal_counts(folder: Path) -> object:
    before = _counts(folder / "baseline.db")
    return [before, before]


def _counts(path: Path) -> list[object]:
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").get for table in TABLES]


def _playbook(folder: Path) -> object:
    """The operators' page: both columns and both indexes are there; how many rows are empty."""
    with closing(apsw.Connection(str(folder / "turns.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        columns = connection.execute(
            "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('turns')"
            " WHERE name IN ('runtime_key', 'inference_id') ORDER BY name"
        ).fetchall()
        indexes = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'turns' AND name IN"
            " ('turns_by_conv_runtime_updated', 'turns_by_conv_inference_updated')"
        ).get
        empty = connection.execute("SELECT count(*) FROM turns WHERE runtime_key = '' OR inference_id = ''").get
    wanted = [("inference_id", "TEXT", 1, "''"), ("runtime_key", "TEXT", 1, "''")]
    return columns == wanted, indexes == 2, empty


def _integrity(folder: Path) -> object:
    """SQLite's own check of pages, indexes and foreign keys."""
    with closing(apsw.Connection(str(folder / "turns.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        problems = connection.execute("PRAGMA integrity_check").fetchall()
        return problems, connection.execute("SELECT count(*) FROM pragma_foreign_key_check").get


def _columns_in_range(folder: Path) -> object:
    """What a suite of stock column expectations asks: never NULL, in the set of runtimes, trimmed, unique keys."""
    with closing(apsw.Connection(str(folder / "turns.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        return connection.execute(_COLUMN_RULES).fetchall()


_COLUMN_RULES = """
SELECT
  sum(runtime_key IS NULL) + sum(inference_id IS NULL),
  sum(runtime_key NOT IN
    ('', 'inventory', 'planner', 'analyst', 'default', '在庫-アシスタント', 'naïve-Café', 'web-chat-tool')
    AND runtime_key NOT LIKE 'explicit-%'),
  sum(runtime_key <> trim(runtime_key)) + sum(inference_id <> trim(inference_id)),
  count(*) - count(DISTINCT conv_id || '/' || session_id || '/' || turn_id),
  sum(updated_at_ms < turn_created_at_ms)
FROM turns"""


def _sqldiff(folder: Path) -> object:
    """How many rows differ between the baseline and the file, by SQLite's own comparison of two files."""
    command = [SQLDIFF, "--summary", str(folder / "baseline.db"), str(folder / "turns.db")]
    run = subprocess.run(  # noqa: S603  a program of the system, by name; paths are arguments
        command, capture_output=True, text=True, check=False, timeout=120
    )
    return [line for line in run.stdout.splitlines() if not line.startswith("turntruth_")], run.returncode


RIVALS: tuple[Rival, ...] = (
    Rival("row count", "rows of each table before and after", _row_counts, needs_baseline=True),
    Rival("the playbook's SQL", "columns, index names, number of empty values", _playbook),
    Rival("integrity_check", "PRAGMA integrity_check and foreign_key_check", _integrity),
    Rival(
        "column rules",
        "never NULL, known runtime, trimmed, unique, in order: what stock expectations ask",
        _columns_in_range,
    ),
    Rival("sqldiff", "sqldiff --summary of baseline and file", _sqldiff, needs_baseline=True),
)
_SILENT: dict[str, object] = {
    "integrity_check": ([("ok",)], 0),
    "column rules": [(0, 0, 0, 0, 0)],
}
