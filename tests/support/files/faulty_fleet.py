"""Twelve files of a fleet with planted faults, for whoever audits them in several ways."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import apsw

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from audit.fleet.manifest import FleetFile
from store.migration import migrate
from support.files.sqlite_files import run_sql

_SHAPE = CorpusShape(turns=60, conversations=6, seed=7, malformed=0, unknown=0.1, unattributed=0.1)
_SOME = "WHERE rowid IN (SELECT rowid FROM turns WHERE runtime_key <> '' LIMIT 3)"


def _sql(*statements: str) -> Callable[[Path], None]:
    return lambda folder: run_sql(folder / "turns.db", *statements)


def _empty(folder: Path) -> None:
    (folder / "turns.db").write_bytes(b"")


def _swap(folder: Path) -> None:
    (folder / "turns.db").rename(folder / "other")
    (folder / "timeline.db").rename(folder / "turns.db")
    (folder / "other").rename(folder / "timeline.db")


def _cut(folder: Path) -> None:
    with (folder / "turns.db").open("r+b") as file:
        file.truncate(20_000)


def _leave_a_log(folder: Path) -> None:
    path = folder / "turns.db"
    run_sql(path, "PRAGMA journal_mode = wal")
    run_sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    kept = folder / "kept"
    kept.mkdir()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"UPDATE turns SET runtime_key = 'in-the-log' {_SOME}").fetchall()
    for each in ("turns.db", "turns.db-wal"):
        shutil.copy(folder / each, kept / each)
    connection.close()
    for each in ("turns.db", "turns.db-wal"):
        (kept / each).replace(folder / each)
    kept.rmdir()


FAULTS: dict[str, Callable[[Path], None]] = {
    "clean": lambda _: None,
    "made-up": _sql(f"UPDATE turns SET runtime_key = 'made-up' {_SOME}"),
    "emptied": _sql(f"UPDATE turns SET inference_id = '' {_SOME}"),
    "orphans": _sql(
        "DELETE FROM turn_block_membership WHERE rowid IN (SELECT rowid FROM turn_block_membership LIMIT 9)"
    ),
    "trigger": _sql("CREATE TRIGGER watch AFTER INSERT ON turns BEGIN SELECT 1; END"),
    "lost": _sql("DELETE FROM turns WHERE rowid IN (SELECT rowid FROM turns LIMIT 2)"),
    "no index": _sql("DROP INDEX turns_by_conv_runtime_updated"),
    "empty": _empty,
    "missing": lambda folder: (folder / "turns.db").unlink(),
    "cut": _cut,
    "swapped": _swap,
    "log": _leave_a_log,
}
"""Tenant to what is wrong with its file."""


def make_fleet(folder: Path) -> tuple[FleetFile, ...]:
    """Write a turns database a fault, with its timeline; the lost rows are those of a baseline."""
    clean = folder / "clean"
    clean.mkdir(parents=True)
    files = write_corpus(clean, _SHAPE)
    shutil.copy(files.turns, clean / "before.db")
    migrate(files.turns)
    for tenant in FAULTS:
        if tenant != "clean":
            shutil.copytree(clean, folder / tenant)
    made = []
    for row, (tenant, damage) in enumerate(FAULTS.items(), start=1):
        here = folder / tenant
        damage(here)
        baseline = str(here / "before.db") if tenant == "lost" else ""
        made.append(FleetFile(row, tenant, str(here / "turns.db"), str(here / "timeline.db"), baseline))
    return tuple(made)
