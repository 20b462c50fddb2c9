"""Faults in what a contract claims: each is named as what it contradicts, and nothing else is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

import apsw

from benchmarks.detection.foreign.claims.terms import REFUSED, ContractTerms
from benchmarks.detection.foreign.declarations.clauses import edit_column
from benchmarks.detection.foreign.declarations.definition import without_clause
from benchmarks.detection.foreign.fault import ForeignFault
from benchmarks.detection.foreign.faults.keys import fresh_key, move
from benchmarks.detection.foreign.pair_data import Row, TableData
from benchmarks.detection.foreign.site import NoTargetError, Site, Spot
from benchmarks.detection.foreign.values import NULL, Value, quoted, text, words_of
from benchmarks.detection.foreign.wanted import Place

FAMILY = "claims"
MANY = 10
Injector = Callable[["ClaimSite"], None]
_FAULTS: dict[str, Injector] = {}


class ClaimSite:
    """A site with the contract of its pair, and what is found of the undamaged pair under it."""

    def __init__(self, site: Site, terms: ContractTerms, base: Counter[Place]) -> None:
        self.site = site
        self.terms = terms
        self.base = base

    def tables(self) -> list[tuple[TableData, list[Row]]]:
        """Claimed tables with the rows that have evidence, in random order."""
        data = self.site.data
        found = [(table, list(table.rows)) for table in (*data.shared, *data.new) if table.name in self.terms.claimed]
        found = [(table, rows) for table, rows in found if rows]
        return self.site.rng.sample(found, len(found))

    def columns(self) -> Iterator[tuple[TableData, str, list[Row]]]:
        """Claimed columns with the rows in which the claim holds, in random order."""
        for table, rows in self.tables():
            names = self.terms.columns(table)
            for column in self.site.rng.sample(names, len(names)):
                yield table, column, [row for row in rows if not self.named(table, row, column)]

    def named(self, table: TableData, row: Row, column: str) -> bool:
        """Whether something is found of this value already."""
        return any(self.place(kind, table, row, column) in self.base for kind in _KINDS)

    def is_known(self, table: TableData, column: str, value: Value) -> bool:
        """Whether a value means something."""
        return value != NULL and value not in self.terms.unknown(table.name, column)

    def value(self, table: TableData, row: Row, column: str) -> Value:
        """What the file after holds there, also in a column that the file before has not."""
        return row.values[column] if column in row.values else self.site.read(Spot(table, row, column))

    @staticmethod
    def place(kind: str, table: TableData, row: Row, column: str = "") -> Place:
        """A finding of a claim."""
        return table.place("claim", kind, row, column)

    def want(self, kind: str, table: TableData, row: Row, column: str = "") -> None:
        """Want it named."""
        self.site.wanted.add(self.place(kind, table, row, column))

    def write(self, table: TableData, row: Row, column: str, value: Value) -> bool:
        """Write a value and want named what it is now; False where nothing came of it, or it means the same."""
        was = self.value(table, row, column)
        spot = Spot(table, Row(row.number, {**row.values, column: was}), column)
        if not self.site.store(spot, value):
            return False
        now = self.site.read(spot)
        kind = self._kind(table, column, was, now)
        if kind:
            self.want(kind, table, row, column)
        return bool(kind)

    def _kind(self, table: TableData, column: str, was: Value, now: Value) -> str:
        known = [self.is_known(table, column, value) for value in (was, now)]
        if not all(known):
            return "not filled" if known[0] else "made up" if known[1] else ""
        if self.terms.is_json(table.name, column) and _document(was) == _document(now):
            return ""
        return "contradicts"


_KINDS = ("contradicts", "made up", "not filled", "unreadable")


def _document(value: Value) -> object:
    try:
        return json.loads(words_of(value)) if value[0] == "text" else value
    except ValueError:
        return value


def other(site: ClaimSite, table: TableData, column: str, value: Value) -> Value:
    """A value of the same type that the evidence does not have."""
    number = site.site.rng.randrange(1_000, 2_000)
    if value[0] == "text":
        if site.terms.is_json(table.name, column):
            return text(json.dumps({"wrong": number}))
        return text(f"{words_of(value)} {number}")
    if value[0] == "blob":
        assert isinstance(value[1], bytes)
        return "blob", value[1] + b"\0"
    return (value[0], value[1] + number) if isinstance(value[1], int | float) else text(f"wrong {number}")


def claim_fault(title: str) -> Callable[[Injector], Injector]:
    """Register the decorated function."""

    def register(inject: Injector) -> Injector:
        _FAULTS[title] = inject
        return inject

    return register


def claim_faults(terms: ContractTerms, base: Counter[Place]) -> dict[str, ForeignFault]:
    """Every one by its id, for pairs that have this contract; ``base`` is found of the undamaged pair under it."""

    def bound(inject: Injector) -> Callable[[Site], None]:
        return lambda site: inject(ClaimSite(site, terms, base))

    faults = (ForeignFault(FAMILY, title, bound(inject)) for title, inject in _FAULTS.items())
    return {fault.id: fault for fault in faults}


def _change(
    site: ClaimSite, make: Callable[[TableData, str, Value], Value | None], most: int, *, known: bool = True
) -> None:
    """Change values of one claimed column that are known, or are not."""
    for table, column, rows in site.columns():
        fitting = [row for row in rows if site.is_known(table, column, site.value(table, row, column)) is known]
        done = 0
        for row in site.site.rng.sample(fitting, len(fitting)):
            value = make(table, column, site.value(table, row, column))
            done += value is not None and site.write(table, row, column, value)
            if done == most:
                break
        if done:
            return
    raise NoTargetError


@claim_fault("another value than the evidence has")
def _(site: ClaimSite) -> None:
    _change(site, lambda *of: other(site, *of), 1)


@claim_fault("ten values that the evidence has not")
def _(site: ClaimSite) -> None:
    _change(site, lambda *of: other(site, *of), MANY)


@claim_fault("a value of which only the case differs, or a blank")
def _(site: ClaimSite) -> None:
    def make(table: TableData, column: str, value: Value) -> Value | None:
        if value[0] != "text" or site.terms.is_json(table.name, column):
            return None
        words = words_of(value)
        return text(words.swapcase() if words.swapcase() != words else f"{words} ")

    _change(site, make, 1)


@claim_fault("a number that is one higher")
def _(site: ClaimSite) -> None:
    _change(site, lambda _t, _c, value: ("integer", value[1] + 1) if isinstance(value[1], int) else None, 1)


@claim_fault("seconds as milliseconds, in all rows")
def _(site: ClaimSite) -> None:
    def make(_table: TableData, _column: str, value: Value) -> Value | None:
        return ("integer", value[1] * 1000) if isinstance(value[1], int) and value[1] > 10**9 else None

    _change(site, make, 10**6)


@claim_fault("half of a text")
def _(site: ClaimSite) -> None:
    def make(table: TableData, column: str, value: Value) -> Value | None:
        if value[0] != "text" or site.terms.is_json(table.name, column) or len(words_of(value)) < 2:
            return None
        return text(words_of(value)[: len(words_of(value)) // 2])

    _change(site, make, 1)


def _unknown(site: ClaimSite, table: TableData, column: str) -> Value:
    return site.site.rng.choice([NULL, *site.terms.unknown(table.name, column)])


@claim_fault("a value that the evidence knows is not filled")
def _(site: ClaimSite) -> None:
    _change(site, lambda table, column, _: _unknown(site, table, column), 1)


@claim_fault("a column was filled to its half")
def _(site: ClaimSite) -> None:
    for table, column, rows in site.columns():
        half = rows[len(rows) // 2 :]
        if sum(site.write(table, row, column, _unknown(site, table, column)) for row in half):
            return
    raise NoTargetError


@claim_fault("a value that was not filled is filled with what the evidence has not")
def _(site: ClaimSite) -> None:
    for table, rows in site.tables():
        for column in site.terms.columns(table):
            empty = [row for row in rows if site.place("not filled", table, row, column) in site.base]
            for row in site.site.rng.sample(empty, min(MANY, len(empty))):
                spot = Spot(table, Row(row.number, {**row.values, column: site.value(table, row, column)}), column)
                if site.site.store(spot, ("integer", site.site.rng.randrange(10**8, 10**9))):
                    site.site.wanted.take([site.place("not filled", table, row, column)])
                    site.want("contradicts", table, row, column)
            if empty:
                return
    raise NoTargetError


@claim_fault("a value that may only be filled is another one")
def _(site: ClaimSite) -> None:
    for table, rows in site.tables():
        for column in site.terms.fillable(table.name):
            for row in site.site.rng.sample(rows, len(rows)):
                value = row.values[column]
                known = site.is_known(table, column, value)
                if known and site.site.write(Spot(table, row, column), other(site, table, column, value)):
                    return
    raise NoTargetError


@claim_fault("a value that may be filled is filled, which is no fault")
def _(site: ClaimSite) -> None:
    for table, rows in site.tables():
        for column in site.terms.fillable(table.name):
            empty = [row for row in rows if not site.is_known(table, column, row.values[column])]
            for row in empty[:MANY]:
                site.site.store(Spot(table, row, column), ("integer", 1))
            if empty:
                return
    raise NoTargetError


@claim_fault("a value that is made up")
def _(site: ClaimSite) -> None:
    _change(site, lambda *_: text("made up"), 1, known=False)


@claim_fault("values of the row before, in all rows")
def _(site: ClaimSite) -> None:
    for table, column, rows in site.columns():
        values = [site.value(table, row, column) for row in rows]
        turned = [*values[-1:], *values[:-1]]
        if sum(site.write(table, row, column, value) for row, value in zip(rows, turned, strict=True)):
            return
    raise NoTargetError


def _forget(site: ClaimSite, table: TableData, row: Row) -> None:
    """A row that is gone: nothing more is said of its values."""
    site.site.wanted.take(
        place
        for column in site.terms.columns(table)
        for kind in _KINDS
        if (place := site.place(kind, table, row, column)) in site.base
    )


@claim_fault("a row is missing")
def _(site: ClaimSite) -> None:
    _miss(site, lambda rows: [site.site.rng.choice(rows)])


@claim_fault("half of the rows are missing")
def _(site: ClaimSite) -> None:
    _miss(site, lambda rows: rows[len(rows) // 2 :])


def _miss(site: ClaimSite, choose: Callable[[list[Row]], list[Row]]) -> None:
    for table, rows in site.tables():
        for row in choose(rows):
            site.site.delete(table, row)
            site.want("missing", table, row)
            _forget(site, table, row)
        return
    raise NoTargetError


@claim_fault("a row without evidence")
def _(site: ClaimSite) -> None:
    for table, rows in site.tables():
        row = site.site.rng.choice(rows)
        new = site.site.double(table, row, fresh_key(site.site, table, row))
        if new is not None:
            if not site.terms.is_appended(table.name):
                site.want("without evidence", table, new)
            return
    raise NoTargetError


@claim_fault("a row under another key")
def _(site: ClaimSite) -> None:
    for table, rows in site.tables():
        row = site.site.rng.choice(rows)
        key = fresh_key(site.site, table, row)
        if table.number in key and site.terms.is_appended(table.name):
            continue  # behind the last row it may be
        new = move(site.site, table, row, key)
        site.want("missing", table, row)
        site.want("without evidence", table, new)
        _forget(site, table, row)
        return
    raise NoTargetError


@claim_fault("evidence that cannot be read")
def _(site: ClaimSite) -> None:
    """In both files alike, so that nothing else differs."""
    for table, rows in site.tables():
        claims = site.terms.claimed[table.name].get("columns", {})
        sources = [name for name in table.columns if any(f"{name} ->> " in claims[each] for each in claims)]
        if site.terms.has_query(table.name) or not sources:
            continue
        row = site.site.rng.choice([row for row in rows if row.values[sources[0]] != NULL])
        sql = f"UPDATE {quoted(table.name)} SET {quoted(sources[0])} = '{{no JSON' WHERE rowid = ?"
        for connection in (site.site.before, site.site.after):
            connection.execute(sql, (row.number,))
        for column in claims:
            if f"{sources[0]} ->> " in claims[column]:
                site.site.wanted.take(
                    place for kind in _KINDS if (place := site.place(kind, table, row, column)) in site.base
                )
                site.want("unreadable", table, row, column)
        return
    raise NoTargetError


@claim_fault("a default that must be declared is gone")
def _(site: ClaimSite) -> None:
    _redeclare(site, "default")


@claim_fault("a NOT NULL that must be declared is gone")
def _(site: ClaimSite) -> None:
    _redeclare(site, "not")


def _redeclare(site: ClaimSite, first: str) -> None:
    found = site.terms.defaults
    if not found:
        raise NoTargetError
    name, column = site.site.rng.choice(found)
    table = next(each for each in site.site.data.shared if each.name == name)
    edit_column(site.site, table, column, lambda item: without_clause(item, first))
    site.site.wanted.add(Place("claim", "default", name, column))


@claim_fault("a claimed column is not there: the contract is refused")
def _(site: ClaimSite) -> None:
    for table, column, _ in site.columns():
        try:
            site.site.after.execute(f"ALTER TABLE {quoted(table.name)} DROP COLUMN {quoted(column)}")
        except apsw.SQLError:
            continue  # something else speaks of it
        _refuse(site)
        return
    raise NoTargetError


@claim_fault("nothing was migrated: the contract is refused")
def _(site: ClaimSite) -> None:
    with site.site.after.backup("main", site.site.before, "main") as backup:
        backup.step()
    _refuse(site)


def _refuse(site: ClaimSite) -> None:
    site.site.wanted.take(site.base.elements())
    site.site.wanted.add(REFUSED)
