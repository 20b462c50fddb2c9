"""The record of a migration inside the migrated file: what a run did, and where an unfinished one goes on.

Every row is written in the transaction whose work it records, so the ledger can never be ahead of the data. It is also
the only memory of a run: two processes that migrate one file share its rows, and each takes the next piece of work.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import apsw
import orjson

from store.migration import change
from store.migration.change import Change
from store.migration.errors import LedgerError
from store.sqlite.database import schema_sql

Evidence = Literal["all", "direct"]
RUN_STEP = "migration"
LEGACY_STEP = "convert"
LEDGER_TABLE = "turntruth_migrations"
_UNFINISHED = ("running", "failed")


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the ledger has it; times in ms since 1970."""

    migration_id: str
    state: str
    shape: str
    evidence: Evidence
    started_at_ms: int
    finished_at_ms: int
    columns_added: str
    high_rowid: int


def exists(connection: apsw.Connection) -> bool:
    """Whether the file has a ledger."""
    found = connection.execute(
        "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?", (LEDGER_TABLE,)
    ).fetchone()
    return found is not None


def create(connection: apsw.Connection) -> None:
    """Make the ledger and the quarantine; inside the caller's transaction."""
    connection.execute(schema_sql("ledger"))


def last_run(connection: apsw.Connection) -> Run | None:
    """The run that began last, None in a file that was never migrated by us."""
    if not exists(connection):
        return None
    row = connection.execute(
        "SELECT migration_id, state, shape, evidence, started_at_ms, finished_at_ms, columns_added, high_rowid "
        "FROM turntruth_migrations WHERE step = ? ORDER BY rowid DESC LIMIT 1",  # a clock may be set back
        (RUN_STEP,),
    ).fetchone()
    return Run(*row) if row else None


def last_run_state(connection: apsw.Connection) -> str:
    """The state of the run that began last, '' without one."""
    run = last_run(connection)
    return run.state if run else ""


def unfinished_run(connection: apsw.Connection) -> Run | None:
    """The run to go on with, if the last one did not reach its end."""
    run = last_run(connection)
    return run if run and run.state in _UNFINISHED else None


def begin_run(
    connection: apsw.Connection,
    *,
    shape: str,
    evidence: Evidence,
    columns_added: str,
    high_rowid: int,
    backup: Mapping[str, str],
) -> str:
    """Record that a run starts and return its id; `high_rowid` is the highest rowid of turns at this moment.

    `backup` is what `BackupRecord.to_json` says of the backup.
    """
    started = now_ms()
    migration_id = f"mig_{started:x}_{uuid.uuid4().hex[:8]}"
    _insert(connection, migration_id, RUN_STEP, "running", shape, evidence, started)
    connection.execute(
        "UPDATE turntruth_migrations SET columns_added = ?, high_rowid = ?, counts_json = ? "
        "WHERE migration_id = ? AND step = ?",
        (columns_added, high_rowid, orjson.dumps({**backup, "changes": []}).decode(), migration_id, RUN_STEP),
    )
    return migration_id


def read_step(connection: apsw.Connection, migration_id: str, step: str) -> tuple[str, dict[str, Any]]:
    """State and counts of one step of a run; ('', {}) if it has not begun. Raises ``LedgerError``."""
    row = connection.execute(
        "SELECT state, counts_json FROM turntruth_migrations WHERE migration_id = ? AND step = ?", (migration_id, step)
    ).fetchone()
    if not row:
        return "", {}
    try:
        counts = orjson.loads(row[1])
    except (orjson.JSONDecodeError, TypeError):
        counts = None
    if not isinstance(counts, dict):
        raise LedgerError(connection.filename, migration_id, step, row[1])
    return row[0], counts


def changes_of_steps(connection: apsw.Connection, migration_id: str) -> tuple[Change, ...]:
    """What the steps of a run say they have changed so far; a step states it as ``changes`` of its counts."""
    steps = connection.execute(
        "SELECT step FROM turntruth_migrations WHERE migration_id = ? AND step <> ?", (migration_id, RUN_STEP)
    ).fetchall()
    records = (read_step(connection, migration_id, str(step))[1] for (step,) in steps)
    return change.add_up(*map(change.from_json, records))


def write_step(connection: apsw.Connection, migration_id: str, step: str, state: str, counts: dict[str, Any]) -> None:
    """Set state and counts of one step of a run, or of the run itself; the first call for a step records its start.

    The record of a run always says what its steps have changed until then.
    """
    if step == RUN_STEP:
        counts = {**counts, "changes": change.to_json(changes_of_steps(connection, migration_id))}
    shape, evidence = connection.execute(
        "SELECT shape, evidence FROM turntruth_migrations WHERE migration_id = ? AND step = ?", (migration_id, RUN_STEP)
    ).get
    _insert(connection, migration_id, step, state, shape, evidence, now_ms())
    finished = now_ms() if state not in _UNFINISHED else 0
    connection.execute(
        "UPDATE turntruth_migrations SET state = ?, counts_json = ?, finished_at_ms = ? "
        "WHERE migration_id = ? AND step = ?",
        (state, orjson.dumps(counts).decode(), finished, migration_id, step),
    )


def _insert(
    connection: apsw.Connection,
    migration_id: str,
    step: str,
    state: str,
    shape: str,
    evidence: str,
    started_at_ms: int,
) -> None:
    connection.execute(
        "INSERT INTO turntruth_migrations "
        "(migration_id, step, state, shape, evidence, started_at_ms, turntruth_version, sqlite_version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (migration_id, step) DO NOTHING",
        (migration_id, step, state, shape, evidence, started_at_ms, own_version(), apsw.sqlite_lib_version()),
    )


def now_ms() -> int:
    """The time in ms since 1970."""
    return time.time_ns() // 1_000_000


def own_version() -> str:
    """The version of turntruth, 'source' where it is not installed."""
    try:
        return version("turntruth")
    except PackageNotFoundError:
        return "source"
