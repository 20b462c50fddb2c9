"""What the schemas of any two files declare: objects, columns, constraints, the order of columns, pragmas.

A promise that is gone is lost (UNIQUE, CHECK, NOT NULL, COLLATE, a key, STRICT), one that says something else has
changed. A new promise of a table that was there has changed that table: not everything that fitted it fits it still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import apsw

from audit.comparison.files.opening import AFTER, BEFORE, Pair
from audit.comparison.files.tables import Column, Table, quote_identifier
from audit.comparison.pair.clauses import Clause, compare_clauses
from audit.comparison.pair.finding import Change, Kind, PairFinding
from audit.comparison.schema.definitions import column_orders, compare_pragmas, options_of, sql_of
from audit.comparison.schema.objects import SchemaObject
from audit.comparison.schema.scope import Meaning, meaning_of
from audit.sqlite.tokens import default_words, tokens

MISSING = "missing"
Objects = Mapping[tuple[str, str], SchemaObject]
Tables = Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Schema:
    """One side: its objects by kind and folded name, and its tables by folded name."""

    objects: Objects
    tables: Tables

    def meaning(self, item: SchemaObject, sql: str | None = None) -> Meaning:
        """What the definition of an object says here, or another text would say in its place."""
        return meaning_of(item.sql if sql is None else sql, item, self.objects, self.tables)


def compare_schemas(pair: Pair, before: Schema, after: Schema) -> Iterator[PairFinding]:
    """Everything that can be told without comparing rows."""
    for pragma in compare_pragmas(pair.connection, BEFORE, AFTER, pair.encodings):
        yield PairFinding(Change.CHANGED, Kind.PRAGMA, key=pragma.key, before=pragma.expected, after=pragma.found)
    yield from _compare_objects(before, after)
    for name, old in before.tables.items():
        new = after.tables.get(name)
        if new is not None:
            yield from _compare_columns(pair.connection, old, new)
            yield from _compare_promises(old, new, before.objects["table", name], after.objects["table", name])


def _compare_objects(before: Schema, after: Schema) -> Iterator[PairFinding]:
    for place, old in before.objects.items():
        new = after.objects.get(place)
        if new is None:
            yield PairFinding(Change.LOST, Kind.OBJECT, old.table, old.key, before=sql_of(old), after=MISSING)
        elif not _is_table(old, new) and not before.meaning(old).is_that_of(after.meaning(new)):
            yield PairFinding(
                Change.CHANGED, Kind.DECLARATION, old.table, old.key, before=sql_of(old), after=sql_of(new)
            )
    for place, new in after.objects.items():
        if place not in before.objects:
            yield PairFinding(Change.NEW, Kind.OBJECT, new.table, new.key, before=MISSING, after=sql_of(new))


def _is_table(old: SchemaObject, new: SchemaObject) -> bool:
    """Whether both are ordinary tables, whose columns and clauses are compared one by one."""
    return all(each.kind == "table" and tokens(each.sql)[:2] == ("create", "table") for each in (old, new))


def _compare_columns(connection: apsw.Connection, old: Table, new: Table) -> Iterator[PairFinding]:
    for column in old.columns:
        now = new.column(column.name)
        if now is None:
            filled = _filled(connection, old, column)
            told = f"{column.declaration}{filled}"
            yield PairFinding(Change.LOST, Kind.COLUMN, old.name, column=column.name, before=told, after=MISSING)
            continue
        if column.not_null and not now.not_null:
            yield PairFinding(
                Change.LOST, Kind.CONSTRAINT, old.name, column=column.name, before="NOT NULL", after=MISSING
            )
        keeps_key = not column.key_position or any(each.key_position for each in new.columns)
        if _declared(column, column, keeps_key) != _declared(now, column, keeps_key):
            yield PairFinding(
                Change.CHANGED, Kind.DECLARATION, old.name, column=column.name,
                before=column.declaration, after=now.declaration,
            )  # fmt: skip
    for column in new.columns:
        if old.column(column.name) is None:
            told = f"{column.declaration}{_filled(connection, new, column)}"
            yield PairFinding(Change.NEW, Kind.COLUMN, new.name, column=column.name, before=MISSING, after=told)


def _declared(column: Column, before: Column, keeps_key: bool) -> tuple[object, ...]:
    """A declaration without what is no difference, or told as a lost constraint.

    Blanks and case of a type mean nothing; a NOT NULL or primary key that is gone is told for itself.
    """
    default = None if column.default is None else default_words(column.default)
    return (
        tokens(column.declared_type),
        column.not_null or before.not_null,
        default,
        column.key_position if keeps_key else 0,
        column.is_generated,
    )


def _filled(connection: apsw.Connection, table: Table, column: Column) -> str:
    """How many rows have a value in a column that only one side has: what is lost with it, or came."""
    if column.is_generated:
        return ""
    sql = f"SELECT count({quote_identifier(column.name)}), count(*) FROM {table.source} NOT INDEXED"
    try:
        ((filled, rows),) = connection.execute(sql).fetchall()
    except apsw.Error:
        return ""  # whoever compares the rows says why they cannot be read
    return f", filled in {filled:,} of {rows:,} rows"


def _compare_promises(old: Table, new: Table, was: SchemaObject, now: SchemaObject) -> Iterator[PairFinding]:
    keys = [sorted((each for each in table.columns if each.key_position), key=_position) for table in (old, new)]
    if keys[0] and not keys[1]:
        told = f"PRIMARY KEY ({', '.join(column.name for column in keys[0])})"
        yield PairFinding(Change.LOST, Kind.CONSTRAINT, old.name, before=told, after=MISSING)
    for clause in compare_clauses(was.sql, now.sql, old, new):
        change = Change.LOST if clause.is_lost else Change.CHANGED
        yield _told(change, old, clause)
    if old.is_strict and not new.is_strict:
        yield PairFinding(Change.LOST, Kind.CONSTRAINT, old.name, before="STRICT", after=MISSING)
    if bool(old.rowid) != bool(new.rowid) or (new.is_strict and not old.is_strict):
        options = options_of(old), options_of(new)
        yield PairFinding(Change.CHANGED, Kind.DECLARATION, old.name, before=options[0], after=options[1])
    orders = column_orders(old, new)
    if orders[0] != orders[1]:
        before, after = (", ".join(order) for order in orders)
        yield PairFinding(Change.CHANGED, Kind.ORDER, old.name, before=before, after=after)


def _told(change: Change, table: Table, clause: Clause) -> PairFinding:
    kind = Kind.CONSTRAINT
    return PairFinding(
        change, kind, table.name, column=clause.column, before=clause.before or MISSING, after=clause.after or MISSING
    )


def _position(column: Column) -> int:
    return column.key_position
