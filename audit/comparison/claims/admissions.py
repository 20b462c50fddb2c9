"""What ``[changes]`` of a contract admits: which differences are meant, each counted under the entry that says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from audit.comparison.claims.redeclared_as import RedeclaredAs
from audit.comparison.files.tables import Table, quote_identifier
from audit.comparison.pair.declarations import Schema
from audit.comparison.pair.finding import Change, Kind, PairFinding
from audit.comparison.rows.row_counts import RowCounts
from audit.contract.contract import Changes, DeletedRows, NamedChange
from audit.contract.errors import ContractNameError
from audit.sqlite.tokens import fold, tokens

PRAGMA = "pragma "
"""How the name of a pragma begins among those that may be rewritten."""

_Refuse = Callable[[str, str], ContractNameError]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is admitted, mostly a line of ``[changes]``: its kind, what it names, why, '' where nobody has to say."""

    kind: str
    name: str
    reason: str = ""


class Admissions:
    """Holds the differences against the entries of a contract; names are compared as SQLite compares them."""

    def __init__(self, changes: Changes, before: Schema, after: Schema) -> None:
        self.changes = changes
        self.before = before
        self.after = after
        self.counts: Counter[Entry] = Counter()
        self._patterns = [(re.compile(_as_regex(name), re.DOTALL), Entry("new", name)) for name in changes.new]
        self._dropped = _by_name("dropped", changes.dropped)
        self._redeclared = _by_name("redeclared", changes.redeclared)
        self._as = RedeclaredAs(before, after)
        self._rewritten = _by_name("rewritten", changes.rewritten)
        self._appended = {fold(name): Entry("appended", name) for name in changes.appended}

    def require_names(self, refuse: _Refuse) -> None:
        """Refuse a name that neither file has: it would admit nothing, and may be misspelt.

        Raises
        ------
        ContractNameError
            There is one; made by ``refuse`` from its place and the problem.
        """
        for place, name, is_there in self._named_places():
            if not is_there:
                raise refuse(place, f"{name}: neither file has anything of that name")

    def _named_places(self) -> Iterator[tuple[str, str, bool]]:
        """Every name with its place in the contract, and whether it names something."""
        changes, sides = self.changes, (self.before, self.after)
        for name in changes.new:
            yield "changes.new", name, "*" in name or any(has_name(side, fold(name)) for side in sides)
        for name in changes.appended:
            yield "changes.appended", name, fold(name) in self.after.tables
        for kind in ("dropped", "redeclared", "rewritten"):
            for named in getattr(changes, kind):
                name = fold(named.name)
                is_there = name.startswith(PRAGMA) or any(has_name(side, name) for side in sides)
                yield f"changes.{kind}", named.name, is_there
        for deleted in changes.deleted:
            yield "changes.deleted", deleted.table, fold(deleted.table) in self.before.tables
        for name in changes.same:
            yield "changes.same", name, any(_has_column(side, fold(name)) for side in sides)

    # -- schema ---------------------------------------------------------------------------------------------------

    def admits(self, finding: PairFinding) -> bool:
        """Whether a difference of schemas is meant."""
        entry = next(self._entries_for(finding), None)
        if entry is not None:
            self.counts[entry] += 1
        return entry is not None

    def _entries_for(self, finding: PairFinding) -> Iterator[Entry]:
        match finding.change:
            case Change.NEW:
                yield from self._entries_for_new(finding)
            case Change.LOST:
                yield from self._entries_for_lost(finding)
            case Change.CHANGED if finding.kind is Kind.PRAGMA:
                yield from self._named(self._rewritten, f"{PRAGMA}{fold(str(orjson.loads(finding.key)['pragma']))}")
            case Change.CHANGED if finding.kind is Kind.DECLARATION and finding.key:
                yield from self._redeclared_as(_object_name(finding), finding)
            case Change.CHANGED:
                yield from self._redeclared_as(_place(finding), finding)

    def _entries_for_new(self, finding: PairFinding) -> Iterator[Entry]:
        if finding.kind is not Kind.OBJECT:
            yield from self._new(_place(finding))
            return
        yield from self._new(_object_name(finding))
        table = fold(finding.table)
        if ("table", table) not in self.before.objects:
            yield from self._new(table)  # what belongs to a new table is new with it

    def _entries_for_lost(self, finding: PairFinding) -> Iterator[Entry]:
        if finding.kind is not Kind.OBJECT:
            constraint = finding.before if finding.kind is Kind.CONSTRAINT else ""
            yield from self._named(self._dropped, _place(finding), constraint)
            return
        yield from self._named(self._dropped, _object_name(finding))
        table = fold(finding.table)
        if ("table", table) not in self.after.objects:
            yield from self._named(self._dropped, table)

    def _new(self, name: str) -> Iterator[Entry]:
        yield from (entry for pattern, entry in self._patterns if pattern.fullmatch(name))

    def _named(
        self, entries: Mapping[str, list[tuple[NamedChange, Entry]]], name: str, constraint: str = ""
    ) -> Iterator[Entry]:
        wanted = tokens(constraint)
        yield from (entry for named, entry in entries.get(name, ()) if tokens(named.constraint) == wanted)

    def _redeclared_as(self, name: str, finding: PairFinding) -> Iterator[Entry]:
        for named, entry in self._redeclared.get(name, ()):
            if not named.becomes or self._as.says(named.becomes, finding):
                yield entry

    # -- rows and cells -------------------------------------------------------------------------------------------

    def admits_cells(self, table: str, column: str) -> bool:
        """Whether a changed cell of this column is meant."""
        found = self._rewritten.get(f"{fold(table)}.{fold(column)}")
        if found:
            self.counts[found[0][1]] += 1
        return bool(found)

    def admits_rows(self, table: Table, kind: str) -> bool:
        """Whether all rows of a table are meant which one file alone has."""
        name = fold(table.name)
        if kind == "inserted":
            return name in self._appended
        return any(not named.constraint for named, _ in self._dropped.get(name, ()))

    def count_rows(self, table: Table, counts: RowCounts) -> None:
        """Take note of the rows that came and went as they may."""
        name = fold(table.name)
        if entry := self._appended.get(name):
            self.counts[entry] += counts.appended
        if rows := self.deleted_rows(name):
            self.counts[_entry_of(rows[0])] += counts.may_be_gone

    def count_table(self, table: Table, kind: str, rows: int) -> None:
        """Take note of rows of a table that one file alone has, or that a claim did not have to judge."""
        name = fold(table.name)
        entries = [self._appended.get(name)] if kind == "inserted" else [e for _, e in self._dropped.get(name, ())]
        for entry in entries[:1]:
            if entry is not None:
                self.counts[entry] += rows

    def note(self, entry: Entry, count: int) -> None:
        """Take note of what no line of ``[changes]`` admits, but a claim or what it means."""
        self.counts[entry] += count

    def deleted_rows(self, name: str) -> list[DeletedRows]:
        """The entries that let rows of this table (folded name) be gone."""
        return [each for each in self.changes.deleted if fold(each.table) == name]

    def appended(self, before: Table | None, after: Table) -> str:
        """SQL over the row ``a`` that is true behind the last row of before; '' where none may come."""
        if fold(after.name) not in self._appended:
            return ""
        if before is None:
            return "1"
        if before.rowid and after.rowid:
            last = f"(SELECT coalesce(max({before.rowid}), 0) FROM {before.source})"
            return f"a.{after.rowid} > {last}"
        key = [name for name in (before.keys[0] if before.keys else ()) if after.column(name)]
        if not key:
            return ""
        columns = ", ".join(f"a.{quote_identifier(name)}" for name in key)
        names = ", ".join(map(quote_identifier, key))
        order = ", ".join(f"{quote_identifier(name)} DESC" for name in key)
        last = f"(SELECT {names} FROM {before.source} ORDER BY {order} LIMIT 1)"
        # Behind no row at all is every row.
        return f"(({columns}) > {last} OR NOT EXISTS (SELECT 1 FROM {before.source}))"

    # -- telling --------------------------------------------------------------------------------------------------

    def entries(self) -> list[tuple[Entry, int]]:
        """Every entry with what it admitted; one that admitted nothing may be a mistake."""
        entries = [
            *(entry for _, entry in self._patterns),
            *self._appended.values(),
            *(entry for named in self._all_named() for _, entry in named),
            *map(_entry_of, self.changes.deleted),
            *self.counts,
        ]
        return [(entry, self.counts[entry]) for entry in dict.fromkeys(entries)]

    def _all_named(self) -> Iterator[list[tuple[NamedChange, Entry]]]:
        for entries in (self._dropped, self._redeclared, self._rewritten):
            yield from entries.values()


def _entry_of(deleted: DeletedRows) -> Entry:
    return Entry("deleted", deleted.table, deleted.rows.reason)


def _by_name(kind: str, changes: Iterable[NamedChange]) -> dict[str, list[tuple[NamedChange, Entry]]]:
    found: dict[str, list[tuple[NamedChange, Entry]]] = {}
    for named in changes:
        told = " ".join(filter(None, (named.name, named.constraint, named.becomes and f"as {named.becomes}")))
        found.setdefault(fold(named.name), []).append((named, Entry(kind, told, named.reason)))
    return found


def _as_regex(pattern: str) -> str:
    return ".*".join(re.escape(fold(part)) for part in pattern.split("*"))


def _place(finding: PairFinding) -> str:
    return f"{fold(finding.table)}.{fold(finding.column)}" if finding.column else fold(finding.table)


def _object_name(finding: PairFinding) -> str:
    return fold(str(orjson.loads(finding.key)["name"]))


def has_name(side: Schema, name: str) -> bool:
    """Whether a schema has an object or a column of that folded name."""
    return any(fold(each) == name for _, each in side.objects) or _has_column(side, name)


def _has_column(side: Schema, name: str) -> bool:
    return any(
        (table := side.tables.get(name[:at])) is not None and table.column(name[at + 1 :]) is not None
        for at, character in enumerate(name)
        if character == "."
    )
