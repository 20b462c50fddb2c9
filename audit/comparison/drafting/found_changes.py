"""What a comparison found, by the entries of a contract that would be about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from audit.comparison.claims.names import Names, Thing, column_of, owner_beside, search_beside
from audit.comparison.pair.declarations import MISSING, Schema
from audit.comparison.pair.finding import Change, FindingFile, Kind
from audit.sqlite.tokens import tokens

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
        found, names = cls(), Names(before, after)
        stream = findings.stream
        stream.seek(0)
        for line in stream:
            found._add(orjson.loads(line), names, before, after)
        return found

    def _add(self, finding: dict[str, Any], names: Names, before: Schema, after: Schema) -> None:
        table, column, kind = finding["table"], finding["column"], finding["kind"]
        told = f"{finding['before']} → {finding['after']}"
        match kind, finding["change"]:
            case Kind.PRAGMA, _:
                self.pragmas[str(orjson.loads(finding["key"])["pragma"])] = told
            case Kind.CELL, _:
                self.cells.setdefault((table, column), Rows()).add(finding["key"])
            case Kind.ROW, change:
                rows = self.rows_lost if change == Change.LOST else self.rows_new
                rows.setdefault(table, Rows()).add(finding["key"])
            case Kind.OBJECT, Change.NEW:
                if not (_is_part(finding, after, before) or search_beside(table, after, before)):
                    self.new[names.written(_thing(finding))] = _thing(finding).kind
            case Kind.OBJECT, _:
                if not _is_part(finding, before, after):
                    self.lost[names.written(_thing(finding)), ""] = finding["before"]
            case _, Change.NEW:
                self.new[names.written(_thing(finding))] = finding["after"]
            case _, Change.LOST:
                clause = finding["before"] if kind == Kind.CONSTRAINT else ""
                self.lost[names.written(_thing(finding)), clause] = told.removesuffix(f" → {MISSING}")
            case _:
                self._add_redeclared(finding, names.written(_thing(finding)), told)

    def _add_redeclared(self, finding: dict[str, Any], name: str, told: str) -> None:
        """An index over which rows were unique may promise less: what says so is no loss by its kind, but is one."""
        is_promise = bool(finding["key"]) and tokens(finding["before"])[1:2] == ("unique",)
        (self.promises if is_promise else self.redeclared).setdefault(name, []).append(told)

    def new_columns(self, before: Schema, after: Schema) -> Iterator[tuple[str, list[str]]]:
        """By folded name of a table of both files the columns that are new in it and lie in the file."""
        for name, table in after.tables.items():
            old = before.tables.get(name)
            columns = [each.name for each in table.stored_columns if old is not None and old.column(each.name) is None]
            if columns:
                yield name, columns


def _thing(finding: dict[str, Any]) -> Thing:
    """What the finding is about, where it is no row and no cell."""
    if finding["key"]:
        found = orjson.loads(finding["key"])
        return Thing(str(found["type"]), str(found["name"]))
    table, column = finding["table"], finding["column"]
    return column_of(table, column) if column else Thing("table", table)


def _is_part(finding: dict[str, Any], side: Schema, other: Schema) -> bool:
    """Whether it came or went with a table or view, which is named already."""
    return owner_beside(finding["table"], side, other) not in {None, _thing(finding)}
