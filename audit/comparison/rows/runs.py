"""Rows with a key that have other numbers but lie in the same order: they are gone through side by side.

To look each of them up by its key costs several times as much. Where the rows of a table were copied, all that follow
one another have moved by the same number, until a row is gone or new. Each pair is held against the key all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw

from audit.comparison.difference import Cell
from audit.comparison.files.tables import Table

Found = tuple[object, dict[str, Cell], list[Cell]]
"""What a flag says of a row, its key, two cells a column."""

Paired = Callable[[str, str, str, str], Iterator[Found]]
"""All rows that differ or that a condition calls gone: how they are joined, that condition, the flag, a restriction."""

FEWEST_RUNS = 20
ROWS_A_RUN = 2_000
"""To begin a run takes as long as to look up some hundred rows: so many may begin, then all others are looked up."""

PAGES_KIB = 128_000


class Runs:
    """The runs of two tables with row numbers, whose rows are joined ``on`` a key that pairs none with two."""

    def __init__(self, connection: apsw.Connection, before: Table, after: Table, on: str) -> None:
        self._connection = connection
        self._before = before
        self._after = after
        self._on = on
        self._number = f"b.{before.rowid}"

    def pair(self, paired: Paired, rows: int) -> Iterator[Found]:
        """Every row before that differs from the row of its key after, in the order of its numbers, of ``rows`` rows.

        The flag of each says whether it is gone.
        """
        gone = f"a.{self._after.rowid} IS NULL"
        moved = f"{gone} OR NOT ({self._on})"
        flag = f"CASE WHEN {moved} THEN {self._number} END"
        at = self._first("")
        for _ in range(FEWEST_RUNS + rows // ROWS_A_RUN if self._is_indexed() else 0):
            if at is None:
                return
            by = self._moved_by(at)
            if by is None:
                yield from paired(self._on, gone, gone, f" AND {self._number} = {at}")
                at = self._first(f"WHERE {self._before.rowid} > {at}")
                continue
            along = f"a.{self._after.rowid} = {self._number} + ({by})"
            here, at = at, None
            for stop, key, columns in paired(along, moved, flag, f" AND {self._number} >= {here}"):
                if isinstance(stop, int):
                    at = stop
                    break
                yield False, key, columns
        if at is not None:
            with self._room_for_pages():
                yield from paired(self._on, gone, gone, f" AND {self._number} >= {at}")

    @contextmanager
    def _room_for_pages(self) -> Iterator[None]:
        """What is looked up in any order would be read again and again."""
        database = self._after.database
        usual = self._connection.pragma("cache_size", schema=database)
        self._connection.pragma("cache_size", -PAGES_KIB, schema=database)
        try:
            yield
        finally:
            self._connection.pragma("cache_size", usual, schema=database)

    def _first(self, where: str) -> int | None:
        table = self._before
        number = self._connection.execute(f"SELECT min({table.rowid}) FROM {table.source} NOT INDEXED {where}").get
        return number if isinstance(number, int) else None

    def _moved_by(self, at: int) -> int | None:
        """How far a row has moved; None where it is gone, or that is more than an integer holds."""
        by = self._connection.execute(self._statement(), (at,)).get
        return by if isinstance(by, int) else None

    def _statement(self) -> str:
        joined = f"FROM {self._before.source} AS b NOT INDEXED JOIN {self._after.source} AS a ON {self._on}"
        return f"SELECT a.{self._after.rowid} - {self._number} {joined} WHERE {self._number} = ?"

    def _is_indexed(self) -> bool:
        """Whether one row is found without a look at all of them; a key may be declared before, and not after."""
        plan = [str(step[3]) for step in self._connection.execute(f"EXPLAIN QUERY PLAN {self._statement()}", (0,))]
        return any(step.startswith("SEARCH a USING ") and "AUTOMATIC" not in step for step in plan)
