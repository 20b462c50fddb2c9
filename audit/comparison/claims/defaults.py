"""``[defaults]`` of a contract: columns that have to be declared NOT NULL with a certain DEFAULT."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from audit.comparison.claims.names import NOWHERE, Names
from audit.comparison.files.tables import Column, Table
from audit.comparison.pair.declarations import Schema
from audit.comparison.pair.finding import Change, Kind, PairFinding
from audit.contract.errors import ContractNameError
from audit.sqlite.tokens import default_words, fold


class DefaultClaims:
    """The columns of the file after, each with the text of its DEFAULT.

    Raises
    ------
    ContractNameError
        There is no such column; made by ``refuse`` from its place and the problem.
    """

    def __init__(
        self, wanted: Mapping[str, str], tables: Mapping[str, Table], refuse: Callable[[str, str], ContractNameError]
    ) -> None:
        self.claims: list[tuple[Table, Column, str]] = []
        for name, default in wanted.items():
            self.claims.append((*find_column(name, tables, refuse), default))

    def findings(self) -> Iterator[PairFinding]:
        """Each column that is declared otherwise."""
        for table, column, default in self.claims:
            if not column.not_null or default_words(column.default or "") != default_words(default):
                wanted = f"NOT NULL DEFAULT {default}"
                yield PairFinding(
                    Change.CLAIM, Kind.DEFAULT, table.name, "", column.name, before=wanted, after=column.declaration
                )

    def to_json(self) -> list[dict[str, Any]]:
        """One claim each, as plain data."""
        wrong = {(each.table, each.column) for each in self.findings()}
        return [
            {
                "table": table.name,
                "claim": f"default of {column.name}",
                "evidence_rows": 0,
                "exempted": [],
                "found": {str(Kind.DEFAULT): 1} if (table.name, column.name) in wrong else {},
                "problem": "",
                "appended": 0,
            }
            for table, column, _ in self.claims
        ]


def find_column(
    name: str, tables: Mapping[str, Table], refuse: Callable[[str, str], ContractNameError]
) -> tuple[Table, Column]:
    """The table and the column that TABLE.COLUMN names; either may have dots in its own name.

    Raises
    ------
    ContractNameError
        There is none, or more than one; made by ``refuse`` from its place and the problem.
    """
    names, place = Names(Schema({}, tables)), f'defaults."{name}"'
    problem = names.problem(name)
    if problem == NOWHERE:
        problem = "the file after has no such column; wanted TABLE.COLUMN"
    if problem:
        raise refuse(place, problem)
    (meant,) = names.meant(name)
    table = tables[fold(meant.name)]
    found = table.column(meant.column)
    assert found is not None
    return table, found
