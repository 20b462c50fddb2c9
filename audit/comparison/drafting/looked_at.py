"""Which rows of a table are looked at: all of a small one, every so many-th of a large one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apsw

from audit.comparison.files.tables import Table, quote_identifier

MOST_ROWS = 5_000
"""Of larger tables so many rows are looked at, spread evenly over the table."""

_SAMPLE = "turntruth looked at"
_PLACE = "turntruth place"


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Some rows of one table. ``source`` is written after FROM; of ``total`` rows of the table it has ``rows``."""

    source: str
    rows: int
    total: int

    @property
    def told(self) -> str:
        """How much was looked at, in words."""
        if self.rows == self.total:
            return f"all {self.total:,} rows looked at" if self.total != 1 else "its one row looked at"
        return f"{self.rows:,} of {self.total:,} rows looked at, spread evenly"


def look_at(connection: apsw.Connection, table: Table, columns: Sequence[str], most: int = MOST_ROWS) -> LookedAt:
    """Choose the rows; the choice holds until another table is looked at.

    Parameters
    ----------
    columns
        Those that are read of each row.
    """
    total = int(str(connection.execute(f"SELECT count(*) FROM {table.source} NOT INDEXED").get))
    listed = ", ".join(map(quote_identifier, columns))
    if total <= most:
        return LookedAt(f"(SELECT {listed} FROM {table.source} NOT INDEXED)", total, total)
    step = -(-total // most)
    if not table.rowid:
        numbered = f'SELECT {listed}, row_number() OVER () AS "{_PLACE}" FROM {table.source}'
        chosen = f'(SELECT {listed} FROM ({numbered}) WHERE "{_PLACE}" % {step} = 0)'
        return LookedAt(chosen, total // step, total)
    connection.pragma("query_only", False)
    connection.execute(f'DROP TABLE IF EXISTS temp."{_SAMPLE}"')
    connection.execute(f'CREATE TABLE temp."{_SAMPLE}" (number INTEGER PRIMARY KEY)')
    numbers = list(_every(connection, table, step))
    connection.executemany(f'INSERT INTO temp."{_SAMPLE}" VALUES (?)', numbers)
    chosen = (
        f"(SELECT {listed} FROM {table.source} NOT INDEXED"
        f' WHERE {table.rowid} IN (SELECT number FROM temp."{_SAMPLE}"))'
    )
    return LookedAt(chosen, len(numbers), total)


def _every(connection: apsw.Connection, table: Table, step: int) -> Iterator[tuple[int]]:
    rows = connection.execute(f"SELECT {table.rowid} FROM {table.source} NOT INDEXED ORDER BY 1")
    for at, (number,) in enumerate(rows, start=1):
        if at % step == 0:
            yield (int(str(number)),)
