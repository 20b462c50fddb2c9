"""A small, clean, migrated pair of databases, and an audit of copies of it: no report, no process around."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import duckdb

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.demo.shape import CorpusShape
from audit.staging import native_tables as staging
from audit.staging.warehouse import CATALOGS, extension_path, quote_literal

SHAPE = CorpusShape(turns=240, conversations=16, seed=7, malformed=0, unknown=0.15, unattributed=0.12, switching=0.9)
SUITES = ("schema", "defaults", "backfill", "continuity", "integrity", "ledger")

Row = dict[str, object]


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
        with ExitStack() as stack:
            connections: dict[str, apsw.Connection] = {}
            for target, sql in statements:
                if target not in connections:
                    path = folder / f"{target}.db"
                    connections[target] = stack.enter_context(closing(apsw.Connection(str(path))))
                connections[target].execute(sql)
        return folder

    def audit(self, folder: Path, *, given: Iterable[str] = ("timeline",), count_scanned: bool = False) -> Outcome:
        """Stage the files and run every check whose needs are met; ``given`` names inputs besides the turns."""
        with closing(duckdb.connect(config={"threads": 1})) as connection:
            connection.execute(f"LOAD {quote_literal(str(extension_path()))}")
            connection.execute("SET sqlite_all_varchar = true")
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
            there = {"turns", *given, *staging.fulfilled_needs(connection)}
            run = [check for check in self.catalog.checks if set(check.needs) <= there]
            return Outcome(
                {check.name: list(_identities(connection, check)) for check in run},
                {check.name: _count(connection, check.scans) for check in run} if count_scanned else {},
            )

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


def _identities(connection: duckdb.DuckDBPyConnection, check: Check) -> Iterator[dict[str, str]]:
    offending = connection.execute(check.sql)
    columns = [description[0] for description in offending.description or ()]
    for row in offending.fetchall():
        cells = dict(zip(columns, row, strict=True))
        yield {column: str(cells[column]) for column in check.identity}


def _count(connection: duckdb.DuckDBPyConnection, view: str) -> int:
    counted = connection.execute(f"SELECT count(*) FROM {view}").fetchone()
    return int(counted[0]) if counted else 0


def table_rows(path: Path) -> dict[str, dict[tuple[object, ...], Row]]:
    """Every row of every table by its primary key, and every schema object under the table ''."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        schema = [
            tuple(map(str, row)) for row in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
        ]
        tables: dict[str, dict[tuple[object, ...], Row]] = {"": {row: {"name": row[1]} for row in schema}}
        for name in [row[1] for row in schema if row[0] == "table" and not row[1].startswith("sqlite_")]:
            columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
            names = [str(column) for column, _ in columns]
            key = [str(column) for column, pk in columns if pk] or names
            found: list[Row] = [
                dict(zip(names, row, strict=True)) for row in connection.execute(f"SELECT * FROM {name}")
            ]
            tables[name] = {tuple(row[column] for column in key): row for row in found}
    return tables


def damaged_rows(before: Path, after: Path) -> list[Row]:
    """Rows that were changed, inserted or deleted between two folders, in any of their tables."""
    damaged: list[Row] = []
    for name in ("turns.db", "timeline.db", "baseline.db"):
        old, new = table_rows(before / name), table_rows(after / name)
        for table in old.keys() | new.keys():
            was, now = old.get(table, {}), new.get(table, {})
            damaged += [now.get(key) or was[key] for key in was.keys() | now.keys() if was.get(key) != now.get(key)]
    return damaged
