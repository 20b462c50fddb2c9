"""Tables in an order of their own: they are compared in copies, in which rows can be looked up.

An index keeps its texts in the order of its collation. Where that is not known here, nothing can be looked up in it,
and a tree without row numbers can only be gone through from one end to the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import apsw

from audit.comparison.files.tables import Table, quote_identifier


def known_collations() -> frozenset[str]:
    """The collations that SQLite has here, in upper case."""
    # A connection with a file lists what the schema speaks of as well.
    with closing(apsw.Connection(":memory:")) as connection:
        return frozenset(
            str(name) for (name,) in connection.execute("SELECT upper(name) FROM pragma_collation_list").fetchall()
        )


@contextmanager
def in_known_order(
    connection: apsw.Connection, known: frozenset[str], before: Table, after: Table
) -> Iterator[tuple[Table, Table]]:
    """Both tables, or temporary copies of both where one is kept in an order that is not known.

    The copies hold the same cells under the same row numbers; SQLite keeps them in temporary files.
    """
    if before.collations | after.collations <= known:
        yield before, after
        return
    copies = []
    # Temporary tables are writes too; the files themselves are attached for reading only.
    connection.pragma("query_only", False)
    try:
        for place, (table, other) in enumerate(((before, after), (after, before))):
            copies.append(_copy(connection, table, other, f"side {place}"))
        yield copies[0], copies[1]
    finally:
        for place in range(2):
            connection.execute(f"DROP TABLE IF EXISTS temp.{quote_identifier(f'side {place}')}")
        connection.pragma("query_only", True)


def _copy(connection: apsw.Connection, table: Table, other: Table, name: str) -> Table:
    # What is computed on both sides is not compared.
    stored = {column.name.lower() for side in (table, other) for column in side.stored_columns}
    columns = [quote_identifier(column.name) for column in table.columns if column.name.lower() in stored]
    # Without types every cell stays what it is; without collations texts are compared by their bytes.
    connection.execute(f"CREATE TEMP TABLE {quote_identifier(name)} ({', '.join(columns)})")
    listed = ", ".join([table.rowid, *columns] if table.rowid else columns)
    connection.execute(
        f"INSERT INTO temp.{quote_identifier(name)} ({listed}) SELECT {listed} FROM {table.source} NOT INDEXED"
    )
    return replace(table, database="temp", stored_as=name)
