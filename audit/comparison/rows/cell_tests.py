"""Conditions over the cells of two rows, ``b`` before and ``a`` after, however many columns a table has."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from audit.comparison.difference import cell_sql
from audit.comparison.files.tables import TYPED_AFFINITIES, Column, Table, quote_identifier

UNTYPED = "ANY"
"""The declared type that keeps every value as it is; its affinity is called NUMERIC all the same."""


def differs(old: Column, new: Column) -> str:
    """True where a cell is not what it was.

    ``+`` takes the columns' affinities out of the comparison, COLLATE their collations. Storage classes have to be
    compared apart where a column may hold both 5 and 5.0; elsewhere that would cost half of the time for nothing.
    """
    left, right = f"b.{quote_identifier(old.name)}", f"a.{quote_identifier(new.name)}"
    test = f"+{left} IS NOT +{right} COLLATE BINARY"
    untyped = UNTYPED in {old.declared_type.upper(), new.declared_type.upper()}
    if old.affinity == new.affinity and old.affinity in TYPED_AFFINITIES and not untyped:
        return test
    return f"({test} OR typeof({left}) <> typeof({right}))"


def differs_in_type(old: Column, new: Column) -> str:
    """The same, also where a whole number has become a real one in a column that SQLite would have kept from it.

    No statement puts 5.0 into an INTEGER column, but a program that had declared it otherwise leaves it there.
    """
    test = differs(old, new)
    if old.affinity == new.affinity and old.affinity in {"INTEGER", "NUMERIC"}:
        left, right = f"b.{quote_identifier(old.name)}", f"a.{quote_identifier(new.name)}"
        return f"({test} OR typeof({left}) <> typeof({right}))"
    return test


def compare_alike(connection: apsw.Connection, before: Table, after: Table, key: Sequence[str]) -> bool:
    """Whether both sides mean the same by equal keys, by what they declare: then no row is found in two."""
    for name in key:
        old, new = before.column(name), after.column(name)
        if old is None or new is None or old.is_generated or new.is_generated or old.affinity != new.affinity:
            return False
        collations = {_collation(connection, table, column) for table, column in ((before, old), (after, new))}
        if len(collations) > 1:
            return False
    return True


def _collation(connection: apsw.Connection, table: Table, column: Column) -> str:
    return connection.column_metadata(table.database, table.stored_as or table.name, column.name)[1].upper()


def pair_cells(old: Column, new: Column, test: str) -> str:
    """Both cells of a column where they differ, else NULLs: megabytes are read only where they are told."""
    left, right = cell_sql(f"b.{quote_identifier(old.name)}"), cell_sql(f"a.{quote_identifier(new.name)}")
    return ", ".join(f"CASE WHEN {test} THEN {part} END" for side in (left, right) for part in side)


CELLS_A_PAIR = 4
"""How many values `pair_cells` selects."""


def any_of(tests: Sequence[str]) -> str:
    """The tests joined by OR in halves of halves: SQLite takes 2,000 columns, but no chain of 2,000 ORs."""
    if len(tests) <= 2:
        return " OR ".join(tests)
    middle = len(tests) // 2
    return f"({any_of(tests[:middle])}) OR ({any_of(tests[middle:])})"
