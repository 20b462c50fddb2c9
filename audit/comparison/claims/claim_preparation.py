"""Holding what a contract claims against the two schemas and SQLite, before anything is judged by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from audit.comparison.claims.admissions import Admissions
from audit.comparison.claims.rows_claim import PreparedClaim
from audit.comparison.claims.sql_texts import SqlTexts
from audit.comparison.claims.value_claim import ValueClaim
from audit.comparison.files.opening import BEFORE
from audit.comparison.files.tables import TYPED_AFFINITIES, Table, affinity_of, quote_identifier
from audit.comparison.pair.declarations import Schema
from audit.contract.contract import RowsClaim, Value
from audit.contract.errors import ContractNameError
from audit.sqlite.tokens import fold

_Refuse = Callable[[str, str], ContractNameError]


class ClaimPreparation:
    """Prepares claims for one pair of schemas; what cannot be used is refused with its place in the contract."""

    def __init__(
        self,
        texts: SqlTexts,
        sides: tuple[Schema, Schema],
        admissions: Admissions,
        refuse: _Refuse,
    ) -> None:
        self.texts = texts
        self.before, self.after = sides
        self.admissions = admissions
        self.refuse = refuse

    def with_keys(self, claim: RowsClaim) -> RowsClaim:
        """The claim with one about each column of its key that keeps 5 and 5.0 apart: rows are found by value alone.

        Where the evidence is the row that was there before, its cells are compared anyway.
        """
        after = self.after.tables.get(fold(claim.table))
        if after is None or not claim.evidence:
            return claim
        names = claim.key or (after.keys[0] if after.keys else ())
        columns = (column for name in names if (column := after.column(name)) is not None)
        said = set(map(fold, claim.columns))
        untyped = (
            column.name
            for column in columns
            if affinity_of(after, column) not in TYPED_AFFINITIES and fold(column.name) not in said
        )
        return replace(claim, columns={**{name: quote_identifier(name) for name in untyped}, **claim.columns})

    def prepare(self, claim: RowsClaim) -> PreparedClaim:
        """A claim whose tables, columns and texts are there and good.

        Raises
        ------
        ContractError
            One is not.
        """
        place = f"rows.{claim.table}"
        after = self.after.tables.get(fold(claim.table))
        if after is None:
            raise self.refuse(place, "the file after has no such table")
        before = self.before.tables.get(fold(claim.table))
        query = self.texts.query(f"{place}.from", claim.evidence, (BEFORE,)) if claim.evidence else None
        if query is None and before is None:
            raise self.refuse(
                f"{place}.from", "is missing: the file before has no table of that name to take rows from"
            )
        columns = query.columns if query else tuple(column.name for column in before.columns) if before else ()
        key = self._key(place, claim, after, columns)
        self._require_columns(f"{place}.filled", claim.filled, after)
        if claim.filled and before is None:
            raise self.refuse(
                f"{place}.filled", "the file before has no such table: nothing could have been empty in it"
            )
        self._require_unknown(place, claim)
        exempted = tuple(
            (self.texts.expression(f"{place}.except[{at}].where", each.where, columns), each.reason)
            for at, each in enumerate(claim.exempted, start=1)
        )
        values = tuple(self._value(place, claim, left, after, columns) for left in claim.columns)
        return PreparedClaim(after, before, key, query, values, exempted, self.admissions.appended(before, after))

    def deletions(self) -> Iterator[tuple[str, str]]:
        """By folded name of a table the SQL over ``b`` that is true of rows which may be gone."""
        names = dict.fromkeys(fold(each.table) for each in self.admissions.changes.deleted)
        for name in names:
            table = self.before.tables[name]
            columns = tuple(column.name for column in table.columns)
            conditions = [
                self.texts.expression("changes.deleted", each.rows.where, columns)
                for each in self.admissions.deleted_rows(name)
            ]
            row = _row_name(table)
            if not row:
                raise self.refuse(
                    "changes.deleted", f"{table.name}: its rows have neither number nor key to name them by"
                )
            own = ", ".join(row)
            outer = ", ".join(f"b.{each}" for each in row)
            yield name, f"({outer}) IN (SELECT {own} FROM {table.source} WHERE {' OR '.join(conditions)})"

    def _key(self, place: str, claim: RowsClaim, after: Table, columns: Collection[str]) -> tuple[str, ...]:
        has_primary = any(column.key_position for column in after.columns)
        key = claim.key or (after.keys[0] if has_primary and after.keys else ())
        if not key:
            raise self.refuse(
                f"{place}.key", "is missing, and the table has no primary key: name columns of a row's own"
            )
        self._require_columns(f"{place}.key", key, after)
        for name in key:
            if fold(name) not in map(fold, columns):
                listed = ", ".join(columns)
                raise self.refuse(f"{place}.key", f"{name}: the evidence has no such column; it has {listed}")
        return tuple(column.name for name in key if (column := after.column(name)) is not None)

    def _require_columns(self, place: str, names: Sequence[str], table: Table) -> None:
        for name in names:
            if table.column(name) is None:
                listed = ", ".join(column.name for column in table.columns)
                raise self.refuse(place, f"{name}: {table.name} has no such column; it has {listed}")

    def _require_unknown(self, place: str, claim: RowsClaim) -> None:
        known = {fold(name) for name in (*claim.columns, *claim.filled)}
        for name in claim.unknown:
            if fold(name) not in known:
                raise self.refuse(f"{place}.unknown", f"{name}: nothing is claimed of such a column")

    def _value(self, place: str, claim: RowsClaim, left: str, after: Table, columns: Sequence[str]) -> ValueClaim:
        column = after.column(left)
        if column is not None:
            found = quote_identifier(column.name)
        else:
            names = tuple(each.name for each in after.columns)
            found = self.texts.expression(f'{place}.columns."{left}"', left, names)
        evidence = self.texts.expression(f"{place}.columns.{left}", claim.columns[left], columns)
        meaning = self.admissions.meaning(after.name, left)
        affinity = affinity_of(after, column) if column is not None else ""
        return ValueClaim(left, evidence, found, _unknown(claim, left), meaning, affinity)


def _unknown(claim: RowsClaim, name: str) -> tuple[Value, ...]:
    return next((values for column, values in claim.unknown.items() if fold(column) == fold(name)), ())


def _row_name(table: Table) -> tuple[str, ...]:
    """What names one row of a table, as SQL."""
    if table.rowid:
        return (table.rowid,)
    return tuple(map(quote_identifier, table.keys[0])) if table.keys else ()
