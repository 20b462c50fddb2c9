"""The audit as a function call: staging and checks in this process, without report, process start or judge.

One examiner serves many trials with one DuckDB connection.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import duckdb
import orjson

from audit.causes.causes import find_causes
from audit.checks.catalog import Catalog, load_catalog
from audit.checks.check import Check
from audit.checks.runner import Blocked, create_findings, run_checks
from audit.comparison.examination import examine
from audit.comparison.proof import prove
from audit.errors import AuditError
from audit.references.baseline_comparison import COUNTS, DIFFERENCE_COLUMNS, DIFFERENCES, SUMMARY
from audit.references.fingerprints import EARLIER, stage_earlier, write_fingerprints
from audit.staging import native_tables as staging
from audit.staging.access import copy_access, make_access, side_path
from audit.staging.engine.scanner import load_scanner, scanner_configuration
from audit.staging.shape import require_shape
from audit.staging.warehouse import (
    CATALOGS,
    columns_by_table,
    is_beyond_plain_tables,
    quote_identifier,
    quote_literal,
)
from benchmarks.detection.mutants.incremental import Identity, IncrementalChecks

_ALWAYS = frozenset({"timeline", "registry"})
ARMS = {
    "without": _ALWAYS,
    "with": _ALWAYS | {"baseline"},
    "against": _ALWAYS | {"against"},
    "api": _ALWAYS | {"api"},
    "full": _ALWAYS | {"full integrity"},
}
"""Name of a way to audit to what is given or asked for besides the turns; "without" and "with" mean a baseline."""
CALM_ARMS: tuple[str, ...] = ("without", "with", "against")
"""The ways in which harmless files are audited, all of which they have to pass."""
NO_CHECK = "(audit)"
"""What stands in the place of a check where no check is errored, but the audit is."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one audit said: identities by check that found something, and why it could not say more.

    ``verdict`` is that of a whole audit, as it stands in its results; '' where only the checks were run. ``causes`` are
    the checks that name the causes, in the order in which a report tells them.
    """

    found: Mapping[str, frozenset[Identity]]
    errors: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    seconds: float = 0.0
    verdict: str = ""
    causes: tuple[str, ...] = ()

    @property
    def is_incomplete(self) -> bool:
        """Whether the audit could not look at everything: such an audit never passes."""
        return bool(self.errors or self.refused)


Look = Callable[[IncrementalChecks, Check, frozenset[Identity]], None]
"""Somebody who wants to look at the same staged files when a check has run, and at what it said."""


class Examiner:
    """Audits files again and again."""

    def __init__(self, runtimes: Iterable[str], catalog: Catalog | None = None) -> None:
        self.catalog = catalog or load_catalog()
        self.runtimes = list(runtimes)
        self._connect()

    def _connect(self) -> None:
        connection = duckdb.connect(config={"threads": 1, **scanner_configuration()})
        load_scanner(connection)
        connection.execute("SET sqlite_all_varchar = true")
        # In a process without a main file DuckDB believes that somebody watches, and writes to standard output.
        connection.execute("SET enable_progress_bar = false")
        staging.create_tables(connection)
        columns = ", ".join(f"{quote_identifier(name)} VARCHAR" for name in DIFFERENCE_COLUMNS)
        connection.execute(f"CREATE TABLE {DIFFERENCES} ({columns})")
        counts = ", ".join(f"{name} BIGINT" for name in COUNTS)
        connection.execute(f'CREATE TABLE {SUMMARY} ("table" VARCHAR, {counts})')
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT table_name LIKE 'declared%'")
        self._tables = [str(name) for (name,) in tables.fetchall()]
        self.connection = connection
        self._checks = IncrementalChecks(connection, self._tables, self.catalog.checks)

    def close(self) -> None:
        """Let go of DuckDB."""
        self.connection.close()

    def remember(self, folder: Path, target: Path) -> None:
        """Keep what an audit sees of the turns of a folder now, as the run of an earlier audit would."""
        self._clear()
        self._stage("turns", folder / "turns.db")
        target.mkdir(parents=True, exist_ok=True)
        write_fingerprints(self.connection, target)

    def examine(
        self,
        folder: Path,
        arms: Iterable[str] = ("without", "with"),
        earlier: Path | None = None,
        look: Look | None = None,
    ) -> dict[str, Findings]:
        """Audit ``turns.db``, ``timeline.db`` and, in the arm with it, ``baseline.db`` of a folder.

        ``earlier`` is the folder that :meth:`remember` wrote to, for the arm "against".
        """
        arms = tuple(arms)
        others = tuple(arm for arm in arms if arm != "full")
        results = self._examine(folder, others, earlier, look) if others else {}
        return results | (self._examine(folder, ("full",), earlier, look) if "full" in arms else {})

    def _examine(
        self, folder: Path, arms: Sequence[str], earlier: Path | None, look: Look | None
    ) -> dict[str, Findings]:
        started = time.perf_counter()
        try:
            self._clear()
            for role in ("turns", "timeline"):
                self._stage(role, folder / f"{role}.db", full_integrity="full" in arms)
            staging.stage_registry(self.connection, self.runtimes)
            results = {}
            # The baseline last: what is staged of it stays, and is for no other arm to see.
            for arm in sorted(arms, key=lambda each: "baseline" in ARMS[each]):
                self.connection.execute(f"DELETE FROM {EARLIER}")
                if "against" in ARMS[arm] and earlier is not None:
                    stage_earlier(self.connection, earlier)
                error = self._compare(folder) if "baseline" in ARMS[arm] else ""
                results[arm] = self._judge(ARMS[arm], error, started, look)
        except (AuditError, duckdb.Error) as error:
            self._start_anew()
            refusal = Findings({}, refused=str(error), seconds=time.perf_counter() - started)
            return dict.fromkeys(arms, refusal)
        else:
            if self.connection.execute("SELECT count(*) FROM unreadable_tables").fetchall() != [(0,)]:
                # Staging that ended early may have left tables of its own behind.
                self._start_anew()
            return results

    def _start_anew(self) -> None:
        self.connection.close()
        self._connect()

    def _clear(self) -> None:
        self._checks.forget()
        for table in (*self._tables, "declared_changes"):
            self.connection.execute(f"DELETE FROM {table}")

    def _stage(self, role: str, path: Path, *, full_integrity: bool = False) -> None:
        catalog = CATALOGS[role]
        with tempfile.TemporaryDirectory() as private:
            access = make_access(path, Path(private))
            if side_path(path, "-journal").exists():
                access = copy_access(path, Path(private))
            reached = quote_literal(str(access.reached_at))
            self.connection.execute(f"ATTACH {reached} AS {catalog} (TYPE sqlite, READ_ONLY)")
            try:
                require_shape(role, path, columns_by_table(self.connection, catalog))
                examined_elsewhere = role != "baseline" and is_beyond_plain_tables(self.connection, catalog)
                staging.stage(
                    self.connection, role, full_integrity=full_integrity, examined_elsewhere=examined_elsewhere
                )
            finally:
                self.connection.execute(f"DETACH {catalog}")
        if examined_elsewhere:
            for problem in examine(path, full=full_integrity, table=staging.CHECKED_TABLE[role])[0]:
                staging.stage_problem(self.connection, role, problem)

    def _compare(self, folder: Path) -> str:
        """The before/after proof; the reason why there is none, '' if there is one."""
        self._stage("baseline", folder / "baseline.db")
        with tempfile.TemporaryDirectory() as private, (Path(private) / "differences").open("w+b") as stream:
            try:
                summary = prove(folder / "turns.db", folder / "baseline.db", stream)
            except (AuditError, apsw.Error) as error:
                return str(error)
            stream.seek(0)
            for line in stream:
                row = orjson.loads(line)
                marks = ", ".join("?" for _ in DIFFERENCE_COLUMNS)
                values = [row[name] for name in DIFFERENCE_COLUMNS]
                self.connection.execute(f"INSERT INTO {DIFFERENCES} VALUES ({marks})", values)
        for change in summary.declared:
            cells = (change.table, change.column, change.rule, change.cells, change.possible)
            self.connection.execute("INSERT INTO declared_changes VALUES (?, ?, ?, ?, ?)", cells)
        for table, counts in summary.to_json()["tables"].items():
            marks = ", ".join("?" for _ in COUNTS)
            self.connection.execute(
                f"INSERT INTO {SUMMARY} VALUES (?, {marks})", [table, *(counts[name] for name in COUNTS)]
            )
        return "; ".join(summary.errors.values())

    def _judge(self, given: frozenset[str], comparison_error: str, started: float, look: Look | None) -> Findings:
        self._checks.refresh()
        there = {"turns", *given, *staging.fulfilled_needs(self.connection)}
        found: dict[str, frozenset[Identity]] = {}
        errors: dict[str, str] = {}
        for check in self.catalog.checks:
            if not set(check.needs) <= there:
                continue
            if comparison_error and "baseline" in check.needs:
                errors[check.name] = comparison_error
                continue
            is_new = not self._checks.remembers(check)
            try:
                identities = self._checks.run(check)
            except duckdb.Error as error:
                errors[check.name] = str(error).splitlines()[0]
                continue
            if identities:
                found[check.name] = identities
            if look and is_new:
                look(self._checks, check, identities)
        # A table that cannot be read is a finding of its own.
        nothing = "SELECT (SELECT count(*) FROM turns) + (SELECT count(*) FROM unreadable_tables)"
        if self.connection.execute(nothing).fetchall() == [(0,)]:
            errors[NO_CHECK] = "the file holds no turns"
        seconds = time.perf_counter() - started
        return Findings(found, errors, seconds=seconds, causes=self._trace(found.keys()))

    def _trace(self, failed: Iterable[str]) -> tuple[str, ...]:
        """The checks that name the causes of what was found, in their order."""
        names = set(failed)
        found = Catalog(tuple(check for check in self.catalog.checks if check.name in names))
        create_findings(self.connection)
        try:
            results = tuple(run_checks(self.connection, found, Blocked({}, {}), sample_size=0))
            causes, _ = find_causes(self.connection, results, self.catalog, [])
        finally:
            self.connection.execute("DROP TABLE findings")
        return tuple(cause.check for cause in causes)
