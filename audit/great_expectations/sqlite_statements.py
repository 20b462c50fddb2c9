"""Each check as one statement that any SQLite shell runs on the file itself, or the reason why it has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import apsw

from audit.checks.check import Check
from audit.great_expectations.sqlite_relations import SqliteRelations, declared_schema

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


class SqliteStatements:
    """Says checks in SQLite's SQL; a context manager, since it asks SQLite whether it understands.

    Parameters
    ----------
    ledger
        The file was migrated by turntruth and holds its record. Without it SQLite would refuse every query that asks
        for the record.
    cutover_ms
        When the file was migrated, if it holds no record; checks that need to know have no statement otherwise.
    """

    def __init__(self, *, ledger: bool = True, cutover_ms: int | None = None) -> None:
        self._ledger = ledger
        self._cutover = ledger or cutover_ms is not None
        self._relations = SqliteRelations(ledger=ledger, cutover_ms=cutover_ms)

    def __enter__(self) -> Self:
        self._connection = apsw.Connection(":memory:")
        for statement in declared_schema():
            self._connection.execute(statement)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def of(self, check: Check) -> tuple[str, str]:
        """The statement that returns what the check's query returns and ``''``, or ``''`` and why there is none."""
        reason = next(self._reasons(check), "")
        sql = "" if reason else self._relations.query(check)
        reason = reason or self._refusal(sql)
        return ("", reason) if reason else (sql, "")

    def _reasons(self, check: Check) -> Iterator[str]:
        """Why a check cannot be said, the most telling reason first; none if it perhaps can."""
        for need in check.needs:
            if need not in WITHIN_THE_FILE:
                yield OTHER_INPUTS.get(need, f"it needs {need}, which is not in the file")
        if "ledger" in check.needs and not self._ledger:
            yield "it reads the record of the migration, which the file is said not to have"
        if "cutover" in check.needs and not self._cutover:
            yield "it asks when the file was migrated: neither a record nor a time was given"
        words = set(re.findall(r"\w+", check.sql))
        yield from (reason for name, reason in BEYOND_SQL.items() if name in words)

    def _refusal(self, sql: str) -> str:
        """Why SQLite cannot run a statement, '' if it can."""
        try:
            self._connection.execute(f"EXPLAIN {sql}").fetchall()
        except apsw.Error as error:
            return f"SQLite cannot run its query: {error}"
        return ""
