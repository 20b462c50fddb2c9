"""A contract as a suite that plain Great Expectations runs on the migrated file, without our code.

The file after is all that it has. What a claim says of the file from before is left out, and the suite says what and
why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.checks.check import Severity
from audit.errors import UsageError
from audit.great_expectations.stock_query import StockQuery

SUITE_NAME = "turntruth_contract"

LIMITS = (
    "The suite is for files of the schema that it was made for: without a table or column a query raises and fails it.",
    "Evidence is read from the file itself: what was changed in it and in the value the same way is not seen.",
    "An expression that has no value for a row, such as one over JSON that is none, raises: that fails the suite too.",
    "SQLite must be 3.38 or later, and know the functions that the contract names.",
    "Great Expectations runs each query twice and returns at most 200 rows; the verdict is right for any number.",
    "Its SQLite data source creates a file that is not there: see that the path exists.",
)


class NothingToAskError(UsageError):
    """A contract of which no claim is about the file after alone."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name}: one file can answer nothing of this contract, and a suite without expectations would pass for"
            " any. Compare both files: `turntruth diff BEFORE AFTER --contract FILE --write gx:FILE`"
        )


@dataclass(frozen=True, slots=True)
class ContractExport:
    """Claims that one file can answer, and by name the reason why it cannot answer the rest."""

    name: str
    contract: Mapping[str, str]
    queries: tuple[StockQuery, ...]
    not_exported: Mapping[str, str]
    table: str
    """One of its tables, for a data asset needs one."""


def export_contract(name: str, single_file: Mapping[str, Any]) -> ContractExport:
    """The suite called after ``name`` out of what the process of a comparison has written of the file after.

    Raises
    ------
    NothingToAskError
        One file can answer nothing of it; a suite without expectations would pass.
    """
    if not single_file["statements"]:
        raise NothingToAskError(name)
    return ContractExport(
        f"{SUITE_NAME}_{name}",
        single_file["contract"],
        tuple(_stock_query(each) for each in single_file["statements"]),
        single_file["left_out"],
        single_file["table"],
    )


def _stock_query(statement: Mapping[str, Any]) -> StockQuery:
    name, sql = statement["name"], statement["sql"]
    meta = {"check": name, "suite": "contract", "sql_sha256": hashlib.sha256(sql.encode()).hexdigest()}
    # Whatever is not as claimed makes NO-GO of a comparison: no claim is lesser than another.
    return StockQuery(name, statement["title"], sql, Severity.CRITICAL, meta, tuple(statement["notes"]))


def contract_document(export: ContractExport) -> dict[str, Any]:
    """The export as a suite of stock Great Expectations, in plain JSON values; imports it, which takes seconds."""
    from audit.great_expectations import validation  # noqa: PLC0415  who only asks what can be exported need not wait for it

    return validation.stock_document(
        export.name,
        export.queries,
        {
            "engine": "sqlite",
            "contract": dict(export.contract),
            "limits": list(LIMITS),
            "table": export.table,
            "not_exported": dict(export.not_exported),
        },
    )
