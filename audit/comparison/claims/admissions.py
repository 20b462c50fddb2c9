"""What ``[changes]`` of a contract admits: which differences are meant, each counted under the entry that says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from audit.comparison.claims.names import (
    NOWHERE,
    PRAGMA,
    Names,
    NewNames,
    Thing,
    column_of,
    folded,
    owner_beside,
    search_beside,
)
from audit.comparison.claims.redeclared_as import RedeclaredAs
from audit.comparison.files.tables import Table, quote_identifier
from audit.comparison.pair.declarations import Schema
from audit.comparison.pair.finding import Change, Kind, PairFinding
from audit.comparison.rows.row_counts import RowCounts
from audit.comparison.schema.scope import column_names
from audit.contract.contract import Changes, DeletedRows, Meaning, NamedChange
from audit.contract.errors import ContractNameError
from audit.sqlite.tokens import definition_words, fold

_PRAGMA = re.compile(r"pragma (\w+)", re.IGNORECASE | re.ASCII)
"""The name of a pragma among those that may be rewritten."""

_Refuse = Callable[[str, str], ContractNameError]
_Named = dict[Thing, list[tuple[NamedChange, "Entry"]]]


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
        self.names = Names(before, after)
        self._new_names = [(NewNames(name, self.names), Entry("new", name)) for name in changes.new]
        self._dropped = self._by_name("dropped", changes.dropped)
        self._redeclared = self._by_name("redeclared", changes.redeclared)
        self._as = RedeclaredAs(before, after)
        self._rewritten = self._by_name("rewritten", changes.rewritten)
        self._same = {
            folded(column): meaning
            for name, meaning in changes.same.items()
            for column in self.names.meant(name, columns_alone=True)
        }
        self._appended = {fold(name): Entry("appended", name) for name in changes.appended}

    def require_names(self, refuse: _Refuse) -> None:
        """Refuse a name that neither file has, as it would admit nothing, and one that means several things.

        Raises
        ------
        ContractNameError
            There is one; made by ``refuse`` from its place and the problem.
        """
        for place, name, problem in self._named_places():
            if problem:
                raise refuse(place, f"{name}: {problem}")

    def _named_places(self) -> Iterator[tuple[str, str, str]]:
        """Every name with its place in the contract, and why it is not clear what it names, '' where it is."""
        changes, names = self.changes, self.names
        for name in changes.new:
            yield "changes.new", name, "" if "*" in name else names.problem(name)
        for name in changes.appended:
            yield "changes.appended", name, "" if fold(name) in self.after.tables else NOWHERE
        for kind, entries in (("dropped", changes.dropped), ("redeclared", changes.redeclared)):
            for named in entries:
                yield f"changes.{kind}", named.name, names.problem(named.name)
        for named in changes.rewritten:
            problem = names.problem(named.name, columns_alone=bool(names.meant(named.name, columns_alone=True)))
            yield "changes.rewritten", named.name, "" if _PRAGMA.fullmatch(named.name) else problem
        for deleted in changes.deleted:
            yield "changes.deleted", deleted.table, "" if fold(deleted.table) in self.before.tables else NOWHERE
        said: dict[Thing, str] = {}
        for name in changes.same:
            problem = names.problem(name, columns_alone=True)
            for column in names.meant(name, columns_alone=True):
                if (other := said.setdefault(folded(column), name)) != name:
                    problem = problem or f"it is the same column as {other}: say it once"
            yield "changes.same", name, problem

    def _by_name(self, kind: str, changes: Iterable[NamedChange]) -> _Named:
        found: _Named = {}
        for named in changes:
            told = " ".join(filter(None, (named.name, named.constraint, named.becomes and f"as {named.becomes}")))
            pragma = _PRAGMA.fullmatch(named.name) if kind == "rewritten" else None
            meant = [_of_pragma(pragma[1])] if pragma else self.names.meant(named.name)
            for thing in meant:
                found.setdefault(folded(thing), []).append((named, Entry(kind, told, named.reason)))
        return found

    def meaning(self, table: str, column: str) -> Meaning | None:
        """In which sense cells of this column are the same, None where they have to be equal."""
        return self._same.get(folded(column_of(table, column)))

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
                yield from self._named(self._rewritten, _of_pragma(str(orjson.loads(finding.key)["pragma"])))
            case Change.CHANGED if finding.kind is Kind.DECLARATION and finding.key:
                yield from self._redeclared_as(_object(finding), finding)
            case Change.CHANGED:
                yield from self._redeclared_as(_place(finding), finding)

    def _entries_for_new(self, finding: PairFinding) -> Iterator[Entry]:
        if finding.kind is not Kind.OBJECT:
            yield from self._new(_place(finding))
            return
        yield from self._new(_object(finding))
        for beside in (owner_beside, search_beside):
            if (owner := beside(finding.table, self.after, self.before)) is not None:
                yield from self._new(owner)

    def _entries_for_lost(self, finding: PairFinding) -> Iterator[Entry]:
        if finding.kind is not Kind.OBJECT:
            constraint = finding.before if finding.kind is Kind.CONSTRAINT else ""
            yield from self._named(self._dropped, _place(finding), constraint, self._columns_before(finding.table))
            return
        yield from self._named(self._dropped, _object(finding))
        if (owner := owner_beside(finding.table, self.before, self.after)) is not None:
            yield from self._named(self._dropped, owner)

    def _new(self, thing: Thing) -> Iterator[Entry]:
        yield from (entry for name, entry in self._new_names if name.matches(thing))

    def _columns_before(self, table: str) -> frozenset[str]:
        found = self.before.tables.get(fold(table))
        return column_names(found) if found is not None else frozenset()

    def _named(
        self, entries: _Named, thing: Thing, constraint: str = "", columns: frozenset[str] = frozenset()
    ) -> Iterator[Entry]:
        wanted = definition_words(constraint, columns)
        for named, entry in entries.get(folded(thing), ()):
            if definition_words(named.constraint, columns) == wanted:
                yield entry

    def _redeclared_as(self, thing: Thing, finding: PairFinding) -> Iterator[Entry]:
        for named, entry in self._redeclared.get(folded(thing), ()):
            if not named.becomes or self._as.says(named.becomes, finding):
                yield entry

    # -- rows and cells -------------------------------------------------------------------------------------------

    def admits_cells(self, table: str, column: str) -> bool:
        """Whether a changed cell of this column is meant."""
        found = self._rewritten.get(folded(column_of(table, column)))
        if found:
            self.counts[found[0][1]] += 1
        return bool(found)

    def admits_rows(self, table: Table, kind: str) -> bool:
        """Whether all rows of a table are meant which one file alone has."""
        if kind == "inserted":
            return fold(table.name) in self._appended
        return any(not named.constraint for named, _ in self._dropped_table(table))

    def count_rows(self, table: Table, counts: RowCounts) -> None:
        """Take note of the rows that came and went as they may."""
        name = fold(table.name)
        if entry := self._appended.get(name):
            self.counts[entry] += counts.appended
        if rows := self.deleted_rows(name):
            self.counts[_entry_of(rows[0])] += counts.may_be_gone

    def count_table(self, table: Table, kind: str, rows: int) -> None:
        """Take note of rows of a table that one file alone has, or that a claim did not have to judge."""
        is_new = kind == "inserted"
        entries = [self._appended.get(fold(table.name))] if is_new else [each for _, each in self._dropped_table(table)]
        for entry in entries[:1]:
            if entry is not None:
                self.counts[entry] += rows

    def _dropped_table(self, table: Table) -> Sequence[tuple[NamedChange, Entry]]:
        return self._dropped.get(folded(Thing("table", table.name)), ())

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
            # Behind no row at all is every row, whatever its number.
            return f"coalesce(a.{after.rowid} > (SELECT max({before.rowid}) FROM {before.source}), 1)"
        key = [name for name in (before.keys[0] if before.keys else ()) if after.column(name)]
        if not key:
            return ""
        columns = ", ".join(f"a.{quote_identifier(name)}" for name in key)
        names = ", ".join(map(quote_identifier, key))
        order = ", ".join(f"{quote_identifier(name)} DESC" for name in key)
        last = f"(SELECT {names} FROM {before.source} ORDER BY {order} LIMIT 1)"
        return f"(({columns}) > {last} OR NOT EXISTS (SELECT 1 FROM {before.source}))"

    # -- telling --------------------------------------------------------------------------------------------------

    def entries(self) -> list[tuple[Entry, int]]:
        """Every entry with what it admitted; one that admitted nothing may be a mistake."""
        entries = [
            *(entry for _, entry in self._new_names),
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


def _of_pragma(name: str) -> Thing:
    return Thing(PRAGMA, fold(name))


def _place(finding: PairFinding) -> Thing:
    return column_of(finding.table, finding.column) if finding.column else Thing("table", finding.table)


def _object(finding: PairFinding) -> Thing:
    found = orjson.loads(finding.key)
    return Thing(str(found["type"]), str(found["name"]))


def has_name(side: Schema, name: str) -> bool:
    """Whether a schema has an object or a column of that name."""
    return bool(Names(side).meant(name))
