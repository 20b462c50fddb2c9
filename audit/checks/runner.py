"""Runs each check once in the locked warehouse and keeps every offending row in the table ``findings``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from audit.checks.catalog import BrokenCheck, Catalog
from audit.checks.check import Check, Severity
from audit.results.records import CheckResult, Finding, Status
from audit.results.shortened import shortened
from audit.staging.demand.lineage import Lineage
from audit.staging.warehouse import quote_identifier, quote_literal

FINDING_COLUMNS = (
    "check",
    "severity",
    "conv_id",
    "session_id",
    "turn_id",
    "table",
    "key",
    "column",
    "expected",
    "found",
)
TURN_COLUMNS = ("conv_id", "session_id", "turn_id")
EVIDENCE_COLUMNS = ("found_table", "found_column", "expected", "found")
FETCH_ROWS = 2_000

QueryColumns = dict[str, tuple[str, ...]]
"""The text of a query to the names of the columns that it returns, which follow from it and the views alone."""


class BrokenQueryError(Exception):
    """A check's query cannot be run or does not return what its header promises."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why some checks cannot run.

    Attributes
    ----------
    missing
        Word of ``needs`` to the reason why that input is not there; such checks are skipped.
    unusable
        Table to the reason why it could not be filled; checks that read it, through whatever view, are errored.
    """

    missing: Mapping[str, str] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)


def create_findings(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the empty table ``findings``, all text: the columns of findings.csv, and why a finding is accepted."""
    columns = ", ".join(f"{quote_identifier(name)} VARCHAR NOT NULL" for name in FINDING_COLUMNS)
    connection.execute(f"CREATE TABLE findings ({columns}, accepted VARCHAR NOT NULL DEFAULT '')")


def run_checks(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    blocked: Blocked,
    columns: QueryColumns | None = None,
    *,
    sample_size: int,
) -> Iterator[CheckResult]:
    """Run the checks in the order of the catalogue, the broken files last.

    ``columns`` remembers what the queries return, for whoever runs the same checks again.

    A check that found rows is ``failed`` here; the verdict of the report is still Great Expectations' to give.
    """
    runner = _Runner(connection, blocked.unusable, sample_size, {} if columns is None else columns)
    for check in catalog.checks:
        reasons = [blocked.missing[need] for need in check.needs if need in blocked.missing]
        if reasons:
            yield replace(blank_result(check), status=Status.SKIPPED, skip_reason="; ".join(reasons))
        else:
            yield runner.run(check)
    for broken in catalog.broken:
        yield errored_file(broken)


class _Runner:
    """Runs checks one after the other; what several of them ask for is found out once."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        unusable: Mapping[str, str],
        sample_size: int,
        columns: QueryColumns,
    ) -> None:
        self._connection = connection
        self._unusable = unusable
        self._sample_size = sample_size
        self._columns = columns
        self._lineage = Lineage(connection) if unusable else None
        self._row_counts: dict[str, int] = {}

    def run(self, check: Check) -> CheckResult:
        """The outcome of one check; its findings are in the table ``findings`` afterwards."""
        started = time.perf_counter()
        try:
            self._require_usable(check)
            found = _collect(self._connection, check, self._columns)
            duration_ms = round((time.perf_counter() - started) * 1000, 3)
            scanned = self._count_rows(check.scans)
        except (duckdb.Error, BrokenQueryError) as error:
            self._connection.execute('DELETE FROM findings WHERE "check" = ?', [check.name])
            return replace(blank_result(check), status=Status.ERRORED, error=f"{check.path}: {error}")
        return replace(
            blank_result(check),
            status=Status.FAILED if found else Status.PASSED,
            findings=found,
            scanned=scanned,
            duration_ms=duration_ms,
            sample=tuple(sample_findings(self._connection, check.name, self._sample_size)) if found else (),
        )

    def _require_usable(self, check: Check) -> None:
        if self._lineage is None:
            return
        behind = self._lineage.tables_behind(check.sql)
        behind |= self._lineage.tables_behind(f"FROM {quote_identifier(check.scans)}")
        reasons = sorted({reason for table, reason in self._unusable.items() if table in behind})
        if reasons:
            raise BrokenQueryError("; ".join(reasons))

    def _count_rows(self, view: str) -> int:
        if view not in self._row_counts:
            counted = self._connection.execute(f"SELECT count(*) FROM {quote_identifier(view)}").fetchone()
            self._row_counts[view] = int(counted[0]) if counted else 0
        return self._row_counts[view]


def blank_result(check: Check) -> CheckResult:
    """What is known of a check before it has run."""
    return CheckResult(
        check=check.name,
        suite=check.suite,
        severity=check.severity,
        status=Status.ERRORED,
        findings=0,
        scanned=0,
        title=check.title,
        remedy=check.remedy,
        sql=check.sql,
        sql_sha256=check.sql_sha256,
        duration_ms=0.0,
    )


def errored_file(broken: BrokenCheck) -> CheckResult:
    """The result of a check file that cannot be read; it counts as critical, since nobody knows what it guards."""
    return CheckResult(
        check=broken.name,
        suite=broken.suite,
        severity=Severity.CRITICAL,
        status=Status.ERRORED,
        findings=0,
        scanned=0,
        title="(the check file cannot be read)",
        remedy="Correct the check file.",
        sql="",
        sql_sha256="",
        duration_ms=0.0,
        error=str(broken.error),
    )


def _collect(connection: duckdb.DuckDBPyConnection, check: Check, known: QueryColumns) -> int:
    """Put the offending rows of a check into ``findings``; returns how many there are."""
    query = _single_query(check.sql)
    if query not in known:
        known[query] = tuple(str(column[0]) for column in connection.execute(f"DESCRIBE {query}").fetchall())
    row = _finding_row(check, known[query])
    columns = ", ".join(quote_identifier(name) for name in FINDING_COLUMNS)
    counted = connection.execute(
        f"INSERT INTO findings ({columns}) SELECT {row} FROM ({query}) AS offending"
    ).fetchone()
    return int(counted[0]) if counted else 0


def _single_query(sql: str) -> str:
    """The text of the one SELECT a check consists of, without a closing semicolon."""
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BrokenQueryError(f"a check is one SELECT, not {len(statements)} statement(s) of another kind")
    # The line break ends a comment on the last line, which would swallow the bracket that follows.
    return statements[0].query.strip().rstrip(";") + "\n"


def _finding_row(check: Check, columns: Sequence[str]) -> str:
    """The select list that maps the columns of a check's query to the columns of ``findings``."""
    absent = [name for name in check.identity if name not in columns]
    if absent:
        raise BrokenQueryError(f"the query returns no column {', '.join(absent)}, which `identity` names")
    allowed = {*check.identity, *TURN_COLUMNS, *EVIDENCE_COLUMNS}
    unknown = [name for name in columns if name not in allowed]
    if unknown:
        raise BrokenQueryError(f"column {', '.join(unknown)} is neither in `identity` nor one of {EVIDENCE_COLUMNS}")

    def text(name: str, default: str = "") -> str:
        return f"coalesce(CAST({name} AS VARCHAR), '')" if name in columns else quote_literal(default)

    rest = [name for name in check.identity if name not in TURN_COLUMNS]
    table = "turns" if "turn_id" in check.identity and not rest else ""
    return ", ".join(
        [
            quote_literal(check.name),
            quote_literal(check.severity),
            *(text(name) for name in TURN_COLUMNS),
            text("found_table", table),
            _key(rest),
            text("found_column"),
            text("expected"),
            text("found"),
        ]
    )


def _key(names: Sequence[str]) -> str:
    """The expression for ``key``: a JSON object of the given columns; ``row_key`` alone is such an object already."""
    if not names:
        return "''"
    if list(names) == ["row_key"]:
        return "coalesce(CAST(row_key AS VARCHAR), '')"
    members = ", ".join(f"{name} := {name}" for name in names)
    return f"CAST(to_json(struct_pack({members})) AS VARCHAR)"


def sorted_findings(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Every finding of the run, sorted by all of its columns; streamed, whatever the number."""
    columns = ", ".join(quote_identifier(name) for name in FINDING_COLUMNS)
    reader = connection.execute(f"SELECT {columns} FROM findings ORDER BY ALL")
    while rows := reader.fetchmany(FETCH_ROWS):
        for row in rows:
            yield Finding(*row)


def sample_findings(connection: duckdb.DuckDBPyConnection, check: str, size: int) -> Iterator[Finding]:
    """The first findings of a check, accepted ones last; a value of megabytes is cut, the table keeps it whole."""
    columns = ", ".join(quote_identifier(name) for name in FINDING_COLUMNS)
    rows = connection.execute(
        f"SELECT {columns} FROM findings WHERE \"check\" = ? ORDER BY accepted <> '', {columns} LIMIT ?", [check, size]
    ).fetchall()
    for row in rows:
        yield Finding(*(shortened(value) for value in row))
