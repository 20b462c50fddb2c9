"""The checks as a suite that plain Great Expectations runs on a database file of somebody else, without our code.

One file and SQLite's SQL is all such a suite has. A check that needs more is left out, and the suite says which and
why: a suite that silently looked at less would be read as a proof of more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.checks.catalog import Catalog
from audit.checks.check import Check, Severity
from audit.great_expectations.sqlite_statements import SqliteStatements
from audit.great_expectations.stock_query import StockQuery

SUITE_NAME = "turntruth_sqlite"

LIMITS = (
    "The file must have the tables and columns of the target schema: without one of them a query raises.",
    "`success` looks at no severity: any finding of its checks fails a suite, whose name says which they are.",
    "How grave a failure is tell get_max_severity_failure() of the result and notify_on in a checkpoint's actions.",
    "Great Expectations runs each query twice and returns at most 200 rows; the verdict is right for any number.",
    "Its SQLite data source creates a file that is not there: see that the path exists.",
    "A value that metadata gives with bytes that are no UTF-8, a lone surrogate or a NUL is not judged.",
    "A value that differs from its evidence only by composed and decomposed accents counts as another word.",
)


@dataclass(frozen=True, slots=True)
class ExportedCheck:
    """One check with the statement that stands for its query in SQLite."""

    check: Check
    sql: str


@dataclass(frozen=True, slots=True)
class SuiteExport:
    """What a stock suite can hold, and for every other check the reason why it cannot."""

    exported: tuple[ExportedCheck, ...]
    not_exported: Mapping[str, str]
    gate: Severity = Severity.INFO
    """Lowest severity of the checks in it."""


def export_checks(catalog: Catalog, *, ledger: bool = True, cutover_ms: int | None = None) -> SuiteExport:
    """Say every check in SQLite's SQL for which that is possible; parameters as of `SqliteStatements`.

    Raises
    ------
    CheckFileError
        A check file is broken.
    """
    for broken in catalog.broken:
        raise broken.error
    exported: list[ExportedCheck] = []
    not_exported: dict[str, str] = {}
    with SqliteStatements(ledger=ledger, cutover_ms=cutover_ms) as statements:
        for check in catalog.checks:
            sql, reason = statements.of(check)
            if reason:
                not_exported[check.name] = reason
            else:
                exported.append(ExportedCheck(check, sql))
    return SuiteExport(tuple(exported), not_exported)


def with_gate(export: SuiteExport, gate: Severity) -> SuiteExport:
    """The suite whose success is that of an audit with this gate: what lies below it is left out, and that is said."""
    order = list(Severity)
    judged = [each for each in export.exported if order.index(each.check.severity) <= order.index(gate)]
    below = {
        each.check.name: f"its findings are of severity {each.check.severity}, below the gate ({gate})"
        for each in export.exported
        if each not in judged
    }
    return SuiteExport(tuple(judged), {**export.not_exported, **below}, gate)


def suite_name(gate: Severity) -> str:
    """What a suite with that gate is called: Great Expectations knows no gate, so the name says what fails it."""
    return f"{SUITE_NAME}_fails_on_{'any_finding' if gate is Severity.INFO else gate}"


def suite_document(export: SuiteExport) -> dict[str, Any]:
    """The export as a suite of stock Great Expectations, in plain JSON values; imports it, which takes seconds."""
    from audit.great_expectations import validation  # noqa: PLC0415  who only asks what can be exported need not wait for it

    return validation.stock_document(
        suite_name(export.gate),
        map(_stock_query, export.exported),
        {
            "engine": "sqlite",
            "gate": str(export.gate),
            "limits": list(LIMITS),
            "not_exported": dict(export.not_exported),
        },
    )


def _stock_query(exported: ExportedCheck) -> StockQuery:
    check = exported.check
    return StockQuery(
        check.name,
        check.title,
        exported.sql,
        check.severity,
        {
            "check": check.name,
            "suite": check.suite,
            "remedy": check.remedy,
            "identity": list(check.identity),
            "sql_sha256": check.sql_sha256,
        },
    )
