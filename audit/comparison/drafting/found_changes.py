"""What a comparison found, by the entries of a contract that would be about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from audit.comparison.claims.names import contract_name
from audit.comparison.pair.declarations import MISSING, Schema
from audit.comparison.pair.finding import Change, FindingFile, Kind
from audit.sqlite.tokens import fold, tokens

_EXAMPLES = 3


@dataclass(slots=True)
class Rows:
    """Rows or cells of one place: how many, and the keys of the first of them."""

    count: int = 0
    keys: list[str] = field(default_factory=list)

    def add(self, key: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.keys) < _EXAMPLES:
            self.keys.append(key)

    @property
    def told(self) -> str:
        """The keys in one line."""
        return f"{', '.join(self.keys)}{', …' if self.count > len(self.keys) else ''}"


@dataclass(slots=True)
class FoundChanges:
    """By name what was seen of it, in the order in which it was found.

    ``lost`` has names with the clause that is gone, '' for the thing itself; ``promises`` are redeclared objects that
    may promise less. ``cells`` is by table and column, the rows by table.
    """

    new: dict[str, str] = field(default_factory=dict)
    redeclared: dict[str, list[str]] = field(default_factory=dict)
    promises: dict[str, list[str]] = field(default_factory=dict)
    lost: dict[tuple[str, str], str] = field(default_factory=dict)
    pragmas: dict[str, str] = field(default_factory=dict)
    cells: dict[tuple[str, str], Rows] = field(default_factory=dict)
    rows_lost: dict[str, Rows] = field(default_factory=dict)
    rows_new: dict[str, Rows] = field(default_factory=dict)

    @classmethod
    def of(cls, findings: FindingFile, before: Schema, after: Schema) -> FoundChanges:
        """Read all findings again; they may be more than fit into memory, and are not kept."""
        found = cls()
        stream = findings.stream
        stream.seek(0)
        for line in stream:
            found._add(orjson.loads(line), before, after)
        return found

    def _add(self, finding: dict[str, Any], before: Schema, after: Schema) -> None:
        table, column, kind = finding["table"], finding["column"], finding["kind"]
        place = contract_name(table, column) if column else contract_name(table)
        told = f"{finding['before']} → {finding['after']}"
        match kind, finding["change"]:
            case Kind.PRAGMA, _:
                self.pragmas[str(orjson.loads(finding["key"])["pragma"])] = told
            case Kind.CELL, _:
                self.cells.setdefault((table, column), Rows()).add(finding["key"])
            case Kind.ROW, change:
                rows = self.rows_lost if change == Change.LOST else self.rows_new
                rows.setdefault(table, Rows()).add(finding["key"])
            case Kind.OBJECT, change:
                if not self._is_part(finding, before if change == Change.NEW else after):
                    self._add_object(finding)
            case _, Change.NEW:
                self.new[place] = finding["after"]
            case _, Change.LOST:
                clause = finding["before"] if kind == Kind.CONSTRAINT else ""
                self.lost[place, clause] = told.removesuffix(f" → {MISSING}")
            case _:
                self._add_redeclared(finding, place, told)

    def _add_object(self, finding: dict[str, Any]) -> None:
        if finding["change"] == Change.NEW:
            self.new[contract_name(_object(finding))] = str(orjson.loads(finding["key"])["type"])
        else:
            self.lost[contract_name(_object(finding)), ""] = finding["before"]

    def _add_redeclared(self, finding: dict[str, Any], place: str, told: str) -> None:
        """An index over which rows were unique may promise less: what says so is no loss by its kind, but is one."""
        name = contract_name(_object(finding)) if finding["key"] else place
        is_promise = bool(finding["key"]) and tokens(finding["before"])[1:2] == ("unique",)
        (self.promises if is_promise else self.redeclared).setdefault(name, []).append(told)

    @staticmethod
    def _is_part(finding: dict[str, Any], other: Schema) -> bool:
        """Whether it comes or goes with a table, which is named already."""
        name, table = fold(_object(finding)), fold(finding["table"])
        return name != table and ("table", table) not in other.objects

    def new_columns(self, before: Schema, after: Schema) -> Iterator[tuple[str, list[str]]]:
        """By folded name of a table of both files the columns that are new in it and lie in the file."""
        for name, table in after.tables.items():
            old = before.tables.get(name)
            columns = [each.name for each in table.stored_columns if old is not None and old.column(each.name) is None]
            if columns:
                yield name, columns


def _object(finding: dict[str, Any]) -> str:
    return str(orjson.loads(finding["key"])["name"])
