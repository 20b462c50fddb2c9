"""A small, clean, migrated pair of databases, and an audit of copies of it: no report, no process around."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import duckdb

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.staging import native_tables as staging
from audit.staging.warehouse import CATALOGS, quote_literal
from audit.trial.damage import do_damage
from audit.trial.sample import SHAPE
from support.audits.sqlite_reader import open_reader

SUITES = ("schema", "defaults", "backfill", "continuity", "integrity", "ledger")


@dataclass(frozen=True)
class Outcome:
    """What the checks said of one set of files.

    ``found`` holds the identities (column to text) of the offending rows by check, for every check that was not
    skipped; ``scanned`` the rows of the view each of them reads, where that was asked for.
    """

    found: dict[str, list[dict[str, str]]]
    scanned: dict[str, int]

    def failed(self) -> set[str]:
        """The names of the checks that found something."""
        return {name for name, rows in self.found.items() if rows}


@dataclass
class Laboratory:
    """Makes copies of the clean files, breaks them, and audits them."""

    clean: Path
    scratch: Path
    catalog: Catalog
    copies: int = field(default=0)

    def copy(self) -> Path:
        """A folder with a fresh copy of turns.db, timeline.db and baseline.db."""
        self.copies += 1
        return Path(shutil.copytree(self.clean, self.scratch / f"copy-{self.copies}"))

    def check(self, name: str) -> Check:
        return next(check for check in self.catalog.checks if check.name == name)

    def breaking(self, statements: Iterable[tuple[str, str]]) -> Path:
        """A copy after the statements, pairs of target (turns, timeline, baseline) and SQL, were run on it in order."""
        folder = self.copy()
        do_damage(folder, list(statements))
        return folder

    def audit(self, folder: Path, *, given: Iterable[str] = ("timeline",), count_scanned: bool = False) -> Outcome:
        """Stage the files and run every check whose needs are met; ``given`` names inputs besides the turns."""
        with self._staged(folder, given) as connection:
            there = {"turns", *given, *staging.fulfilled_needs(connection)}
            run = [check for check in self.catalog.checks if set(check.needs) <= there]
            return Outcome(
                {check.name: list(_identities(connection, check)) for check in run},
                {check.name: _count(connection, check.scans) for check in run} if count_scanned else {},
            )

    def rows(self, folder: Path, name: str, *, given: Iterable[str] = ("timeline",)) -> list[dict[str, str]]:
        """The rows that one check finds, with all of their columns."""
        with self._staged(folder, given) as connection:
            return list(_rows(connection, self.check(name)))

    @contextmanager
    def _staged(self, folder: Path, given: Iterable[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        with closing(open_reader()) as connection:
            staging.create_tables(connection)
            for role in ("turns", *(role for role in ("timeline", "baseline") if role in given)):
                catalog = CATALOGS[role]
                connection.execute(
                    f"ATTACH {quote_literal(str(folder / f'{role}.db'))} AS {catalog} (TYPE sqlite, READ_ONLY)"
                )
                staging.stage(connection, role)
                connection.execute(f"DETACH {catalog}")
            self._stage_the_rest(connection, set(given))
            staging.create_views(connection)
            yield connection

    def _stage_the_rest(self, connection: duckdb.DuckDBPyConnection, given: set[str]) -> None:
        if "registry" in given:
            staging.stage_registry(connection, list(SHAPE.runtimes))
        if "against" in given:
            with closing(apsw.Connection(str(self.clean / "turns.db"), flags=apsw.SQLITE_OPEN_READONLY)) as clean:
                rows = clean.execute(
                    "SELECT conv_id, session_id, turn_id, runtime_key, inference_id, turn_created_at_ms FROM turns"
                ).fetchall()
            connection.executemany("INSERT INTO earlier_turns VALUES (?, ?, ?, ?, ?, ?)", rows)
        if "api" in given:
            _stage_answers(connection, self.clean)


def _stage_answers(connection: duckdb.DuckDBPyConnection, clean: Path) -> None:
    """What a debug API over the clean files answers."""
    with closing(apsw.Connection(str(clean / "turns.db"), flags=apsw.SQLITE_OPEN_READONLY)) as turns:
        snapshots = turns.execute(
            "SELECT DISTINCT conv_id, conv_id, session_id, turn_id, coalesce(phase, ''),"
            " coalesce(snapshot_created_at_ms, updated_at_ms), runtime_key, inference_id, false"
            " FROM turns LEFT JOIN turn_block_membership USING (conv_id, session_id, turn_id)"
        ).fetchall()
    with closing(apsw.Connection(str(clean / "timeline.db"), flags=apsw.SQLITE_OPEN_READONLY)) as timeline:
        conversations = timeline.execute(
            "SELECT conv_id, session_id, runtime_key, 'persisted', last_activity_ms, false FROM timeline_conversations"
        ).fetchall()
    connection.executemany("INSERT INTO api_snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", snapshots)
    connection.executemany("INSERT INTO api_conversations VALUES (?, ?, ?, ?, ?, ?)", conversations)
    connection.execute("INSERT INTO api_facts VALUES (false)")


def _rows(connection: duckdb.DuckDBPyConnection, check: Check) -> Iterator[dict[str, str]]:
    offending = connection.execute(check.sql)
    columns = [description[0] for description in offending.description or ()]
    for row in offending.fetchall():
        yield {column: str(cell) for column, cell in zip(columns, row, strict=True)}


def _identities(connection: duckdb.DuckDBPyConnection, check: Check) -> Iterator[dict[str, str]]:
    for row in _rows(connection, check):
        yield {column: row[column] for column in check.identity}


def _count(connection: duckdb.DuckDBPyConnection, view: str) -> int:
    counted = connection.execute(f"SELECT count(*) FROM {view}").fetchone()
    return int(counted[0]) if counted else 0
