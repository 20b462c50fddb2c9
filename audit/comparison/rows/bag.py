"""Tables as bags of rows: how often each content is there on either side, for rows that nothing tells apart.

Contents are told apart by a digest over the types and bytes of all cells, so that a table may have any number of
columns and of equal rows: SQLite sorts the digests, in temporary files where they are many.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files

import apsw

from audit.comparison.difference import cell_sql
from audit.comparison.files.tables import Table, quote_identifier

_ARGUMENTS = 100  # SQLite takes no more than some hundred in one call of a function
_FUNCTION = "turntruth_digest"


@dataclass(frozen=True, slots=True)
class Surplus:
    """What one side has more of: so many rows before (``lost``) and after (``new``)."""

    store: apsw.Connection
    lost: int
    new: int

    def rows(self) -> Iterator[tuple[int, int | None, bytes]]:
        """Each such row: side (-1 before, 1 after), its number if rows have one, the digest of its content."""
        for side, number, content in self.store.execute(_statement("surplus_rows")):
            assert isinstance(side, int)
            assert isinstance(content, bytes)
            yield side, number if isinstance(number, int) else None, content


@contextmanager
def surplus_of(
    connection: apsw.Connection, before: Table, after: Table, columns: Sequence[tuple[str, str]]
) -> Iterator[Surplus]:
    """Compare two tables as bags.

    Parameters
    ----------
    columns
        The names by which a content is told, before and after.
    """
    connection.create_scalar_function(_FUNCTION, _digest, deterministic=True)
    # A database of its own, in a temporary file: after a damaged page SQLite takes no writes in the same transaction.
    with closing(apsw.Connection("")) as store:
        store.execute("CREATE TABLE bag (content BLOB, side INTEGER, n INTEGER)")
        with store:
            for place, (table, side) in enumerate(((before, -1), (after, 1))):
                content = _content([each[place] for each in columns])
                rows = f"SELECT {content}, {side}, {table.rowid or 'NULL'} FROM {table.source} NOT INDEXED"
                store.executemany("INSERT INTO bag VALUES (?, ?, ?)", connection.execute(rows))
        ((lost, new),) = store.execute(_statement("surplus_sizes")).fetchall()
        yield Surplus(store, int(str(lost)), int(str(new)))


def _statement(name: str) -> str:
    return files("audit.comparison.rows").joinpath("sql", f"{name}.sql").read_text("utf-8")


def _content(names: Sequence[str]) -> str:
    """The digest of all columns, made in rounds where they are many."""
    cells = [part for name in names for part in cell_sql(quote_identifier(name))]
    made = "x''"
    for at in range(0, len(cells), _ARGUMENTS):
        made = f"{_FUNCTION}({', '.join([made, *cells[at : at + _ARGUMENTS]])})"
    return made


def _digest(*values: apsw.SQLiteValue) -> bytes:
    hasher = hashlib.blake2b(digest_size=16)
    for value in values:
        written = value if isinstance(value, bytes) else repr(value).encode()
        hasher.update(struct.pack(">cQ", type(value).__name__[:1].encode(), len(written)))
        hasher.update(written)
    return hasher.digest()
