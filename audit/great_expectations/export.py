"""The checks as a suite that plain Great Expectations runs on a database file of somebody else, without our code.

One file and SQLite's SQL is all such a suite has. A check that needs more is left out, and the suite says which and
why: a suite that silently looked at less would be read as a proof of more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import apsw

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.great_expectations.sqlite_relations import SqliteRelations, declared_schema

SUITE_NAME = "turntruth_sqlite"

OTHER_INPUTS = {
    "timeline": "it compares with the conversation file, which is another database",
    "baseline": "it compares with the file from before the migration, which is another database",
    "baseline_turns": "it compares with the turns of that other database",
    "registry": "it compares with a list of profiles, which is no table of the file",
    "against": "it compares with what an earlier audit saw",
    "api": "it compares with what a server answers",
}
"""Word of ``needs`` to the reason why a suite over one file cannot fulfil it."""

WITHIN_THE_FILE = ("turns", "ledger", "cutover")

BEYOND_SQL = {
    "recomputed_hash": "it hashes contents anew, and SQLite has no SHA-256",
    "second_readings": "it compares two parsers, and SQLite has one",
    "time_outliers": "it compares groups of groups of times, and SQLite nests no query so deep",
    "default_probe": "it inserts a row into a private table of the same definition, and a suite only reads",
    "unreadable_tables": "it tells that a table cannot be read, and a query over such a table is an exception",
}
"""Relation or column to the reason why SQLite's SQL has none of that name."""

LIMITS = (
    "The file must have the tables and columns of the target schema: without one of them a query raises.",
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


def export_checks(catalog: Catalog, *, ledger: bool = True, cutover_ms: int | None = None) -> SuiteExport:
    """Say every check in SQLite's SQL for which that is possible.

    Parameters
    ----------
    ledger
        The file was migrated by turntruth and holds its record. Without it SQLite would refuse every query that asks
        for the record, so another suite is needed.
    cutover_ms
        When the file was migrated, if it holds no record; checks that need to know are left out otherwise.

    Raises
    ------
    CheckFileError
        A check file is broken.
    """
    for broken in catalog.broken:
        raise broken.error
    relations = SqliteRelations(ledger=ledger, cutover_ms=cutover_ms)
    exported: list[ExportedCheck] = []
    not_exported: dict[str, str] = {}
    with closing(apsw.Connection(":memory:")) as connection:
        for statement in declared_schema():
            connection.execute(statement)
        for check in catalog.checks:
            reason = next(_reasons(check, ledger=ledger, cutover=ledger or cutover_ms is not None), "")
            sql = "" if reason else relations.query(check)
            reason = reason or _refusal(connection, sql)
            if reason:
                not_exported[check.name] = reason
            else:
                exported.append(ExportedCheck(check, sql))
    return SuiteExport(tuple(exported), not_exported)


def suite_document(export: SuiteExport) -> dict[str, Any]:
    """The export as a suite of stock Great Expectations, in plain JSON values; imports it, which takes seconds."""
    from audit.great_expectations import validation  # noqa: PLC0415  who only asks what can be exported need not wait for it

    return validation.stock_document(
        SUITE_NAME,
        ((each.check, each.sql) for each in export.exported),
        {"engine": "sqlite", "limits": list(LIMITS), "not_exported": dict(export.not_exported)},
    )


def _reasons(check: Check, *, ledger: bool, cutover: bool) -> Iterator[str]:
    """Why a check cannot be exported, the most telling reason first; none if it perhaps can."""
    for need in check.needs:
        if need not in WITHIN_THE_FILE:
            yield OTHER_INPUTS.get(need, f"it needs {need}, which is not in the file")
    if "ledger" in check.needs and not ledger:
        yield "it reads the record of the migration, which the file is said not to have"
    if "cutover" in check.needs and not cutover:
        yield "it asks when the file was migrated: neither a record nor a time was given"
    words = set(re.findall(r"\w+", check.sql))
    yield from (reason for name, reason in BEYOND_SQL.items() if name in words)


def _refusal(connection: apsw.Connection, sql: str) -> str:
    """Why SQLite cannot run a statement, '' if it can."""
    try:
        connection.execute(f"EXPLAIN {sql}").fetchall()
    except apsw.Error as error:
        return f"SQLite cannot run its query: {error}"
    return ""
