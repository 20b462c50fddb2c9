"""Compare the rows of one table in two attached files, in both directions, typed, and let SQLite do the work.

Rows are paired by row number first, which costs one pass over both tables. Where that shows a row gone or another key
in its place, row numbers have moved (VACUUM, dump and reload) or rows are missing: then they are paired by a unique
key; and where no key tells rows apart, equal rows are counted on both sides.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import apsw

from audit.comparison.allowances.allowance import JUDGED_ELSEWHERE, Allowance
from audit.comparison.difference import IDENTITY, Cell, Difference, Output, Telling, cell_sql, make_cells
from audit.comparison.files.tables import Column, Table, quote_identifier, tells_apart
from audit.comparison.rows.cell_tests import CELLS_A_PAIR, any_of, compare_alike, differs, pair_cells
from audit.comparison.rows.rekeyed import MOST_STRAYS, Stray, digest, pair_strays
from audit.comparison.rows.row_counts import RowCounts
from audit.comparison.rows.runs import Found, Runs
from audit.comparison.rows.surplus import find_surplus
from audit.sqlite.tokens import fold

# In every statement ``b`` is the row before, ``a`` the row after.


class RowComparison:
    """The comparison of one table; differences go to ``output`` as they are found."""

    def __init__(
        self,
        connection: apsw.Connection,
        before: Table,
        after: Table,
        allowance: Allowance,
        output: Output,
        telling: Telling,
    ) -> None:
        self.connection = connection
        self.before = before
        self.after = after
        self.allowance = allowance
        self.output = output
        self.telling = telling
        self.pairs = [
            (old, new)
            for old in before.columns  # one that was computed and is stored now has to hold what it showed
            if (new := after.column(old.name)) is not None and not new.is_generated
        ]
        self.keys = [key for key in before.keys if all(after.column(name) for name in key)]
        self.identity = self.keys[0] if self.keys else ()
        self._counted: tuple[int, int] | None = None

    def run(self) -> RowCounts:
        """Compare, by the cheapest route that tells the truth."""
        rows_before, rows_after, mark = self._count(self.before), self._count(self.after), self.output.mark()
        by_rowid = self._by_rowid(rows_before, rows_after) if self.before.rowid and self.after.rowid else None
        if by_rowid is not None and (self.keys or not (by_rowid.changed or by_rowid.inserted)):
            return by_rowid
        for key in self.keys:
            if self._is_unique(self.before, key) and self._is_unique(self.after, key):
                self.output.rewind(mark)
                return self._by_key(key, rows_before, rows_after)
        return self._by_content(by_rowid, mark, rows_before, rows_after)

    # -- the three routes -----------------------------------------------------------------------------------------

    def _by_rowid(self, rows_before: int, rows_after: int) -> RowCounts | None:
        """Pair rows of the same number; None as soon as one is gone, even if it may, or another key has its number."""
        mark = self.output.mark()
        on = f"a.{self.after.rowid} = b.{self.before.rowid}"
        gone = f"a.{self.after.rowid} IS NULL"
        moved = any_of(
            [gone, *(f"b.{quote_identifier(name)} IS NOT a.{quote_identifier(name)}" for name in self.identity)]
        )
        # Where a key is claimed, no test of its cells may be left that tells of another key.
        found = moved if self.allowance.key else gone
        changed = 0
        for is_moved, key, columns in self._paired(on, found, moved, may_be_gone=False):
            if is_moved:
                self.output.rewind(mark)
                return None
            changed += self._write_changed(key, columns)
        inserted = 0 if rows_before == rows_after else self._write_inserted(on, f"b.{self.before.rowid} IS NULL")
        return RowCounts(self.after.name, rows_before, rows_after, "rowid", 0, inserted, changed)

    def _by_key(self, key: tuple[str, ...], rows_before: int, rows_after: int) -> RowCounts:
        """Pair rows by a unique key."""
        on = " AND ".join(f"a.{quote_identifier(name)} IS b.{quote_identifier(name)}" for name in key)
        gone = f"a.{self.after.rowid or quote_identifier(key[0])} IS NULL"
        absent = f"b.{self.before.rowid or quote_identifier(key[0])} IS NULL"
        if compare_alike(self.connection, self.before, self.after, key) and not self.allowance.deleted:
            self._counted = rows_before, rows_after
        mark = self.output.mark()
        deleted, inserted, changed = self._write_by_key(on, gone, absent, [])
        if deleted and inserted and key == self.identity and (pairs := self._rekeyed(on, gone, absent)):
            self.output.rewind(mark)
            deleted, inserted, changed = self._write_by_key(on, gone, absent, pairs)
        may_be_gone = self._count_allowed(on, gone)
        return RowCounts(self.after.name, rows_before, rows_after, "key", deleted, inserted, changed, may_be_gone)

    def _write_by_key(self, on: str, gone: str, absent: str, pairs: list[tuple[Stray, Stray]]) -> tuple[int, int, int]:
        """Report rows that are gone, new and changed; ``pairs`` are rows that have changed in their keys."""
        left, right = (frozenset(pair[side].name for pair in pairs) for side in (0, 1))
        deleted = changed = all_gone = 0
        for is_gone, identity, columns in self._found(on, gone):
            all_gone += bool(is_gone)
            if not is_gone:
                changed += self._write_changed(identity, columns)
            elif tuple(identity.values()) not in left:
                deleted += 1
                self._write("deleted", identity)
        for old, new in pairs:
            changed += self._write_rekeyed(old, new)
        # Where there are as many rows after as rows before were found in, none is new.
        is_complete = self._counted is not None and self._counted[1] == self._counted[0] - all_gone
        return deleted, 0 if is_complete else self._write_inserted(on, absent, right), changed

    def _by_content(
        self, by_rowid: RowCounts | None, mark: tuple[int, int], rows_before: int, rows_after: int
    ) -> RowCounts:
        """Count equal rows on both sides: all that can be said of rows that nothing tells apart.

        Where as many rows differ by number as by content, they did not move, and the cells can be named.
        """
        columns = [pair for pair in self.pairs if fold(pair[0].name) not in self.allowance.differs]
        surplus = find_surplus(self.connection, self.before, self.after, columns)
        deleted = sum(count for side, count, _ in surplus if side < 0)
        inserted = sum(count for side, count, _ in surplus if side > 0)
        if by_rowid is not None and deleted == by_rowid.changed and inserted == deleted + by_rowid.inserted:
            return by_rowid
        self.output.rewind(mark)
        for side, count, rowids in surplus:
            table = self.after if side > 0 else self.before
            for rowid in rowids[:count]:
                self._write("inserted" if side > 0 else "deleted", self._identity_of(table, rowid))
        return RowCounts(self.after.name, rows_before, rows_after, "multiset", deleted, inserted)

    def _found(self, on: str, gone: str) -> Iterator[Found]:
        if self._counted and self.before.rowid and self.after.rowid:
            return Runs(self.connection, self.before, self.after, on).pair(self._paired, self._counted[0])
        return self._paired(on, gone, gone)

    # -- statements -----------------------------------------------------------------------------------------------

    def _paired(self, on: str, gone: str, flag: str, where: str = "", *, may_be_gone: bool = True) -> Iterator[Found]:
        """Every row before with its row after, where they differ: the flag, the key, and two cells a column."""
        tests = [self._differs(old, new) for old, new in self.pairs]
        cells = [pair_cells(old, new, test) for (old, new), test in zip(self.pairs, tests, strict=True)]
        allowed = f" AND ({gone} OR NOT coalesce({self.allowance.changed}, 0))" if self.allowance.changed else ""
        but_allowed = self._but_allowed(gone) if may_be_gone else ""
        rows = (
            f"FROM {self.before.source} AS b NOT INDEXED LEFT JOIN {self.after.source} AS a ON {on}"
            f" WHERE ({any_of([gone, *tests])}){allowed}{but_allowed}{where}"
        )
        names = self._identity_names()
        head = ", ".join([f"({flag})", *self._identity_cells("b", self.before)])
        room = (self.connection.limit(apsw.SQLITE_LIMIT_COLUMN) - 2 * len(names) - 1) // CELLS_A_PAIR
        # More columns than one statement may answer with are asked for by several, which go through the same rows.
        parts = [", ".join(cells[at : at + room]) for at in range(room, len(cells), room)]
        others = [self.connection.execute(f"SELECT {part} {rows}") for part in parts]
        for values in self.connection.execute(f"SELECT {', '.join([head, *cells[:room]])} {rows}"):
            flagged, *found = itertools.chain(values, *(next(other) for other in others))
            cells_found = make_cells(tuple(found))
            yield flagged, dict(zip(names, cells_found, strict=False)), cells_found[len(names) :]

    def _but_allowed(self, gone: str) -> str:
        """Leaves out the rows that may be gone and are."""
        allowed = self.allowance.deleted
        return f" AND NOT ({gone} AND coalesce({allowed}, 0))" if allowed else ""

    def _count_allowed(self, on: str, gone: str) -> int:
        """How many rows are gone as they may."""
        if not self.allowance.deleted:
            return 0
        joined = f"{self.before.source} AS b NOT INDEXED LEFT JOIN {self.after.source} AS a ON {on}"
        sql = f"SELECT count(*) FROM {joined} WHERE {gone} AND coalesce({self.allowance.deleted}, 0)"
        return int(str(self.connection.execute(sql).get))

    def _differs(self, old: Column, new: Column) -> str:
        """True where a cell is not what it was, or what the allowance makes of that."""
        return self.allowance.differs.get(fold(old.name)) or differs(old, new)

    def _write_inserted(self, on: str, absent: str, but: frozenset[tuple[Cell, ...]] = frozenset()) -> int:
        """Report rows that only the file after has; those that came later than the baseline are allowed."""
        allowed = f" AND NOT coalesce({self.allowance.inserted}, 0)" if self.allowance.inserted else ""
        selected = ", ".join(self._identity_cells("a", self.after))
        sql = (
            f"SELECT {selected} FROM {self.after.source} AS a NOT INDEXED LEFT JOIN {self.before.source} AS b ON {on}"
            f" WHERE {absent}{allowed}"
        )
        count = 0
        for values in self.connection.execute(sql):
            identity = dict(zip(self._identity_names(), make_cells(values), strict=True))
            if tuple(identity.values()) not in but:
                self._write("inserted", identity)
                count += 1
        return count

    # -- rows under another key -----------------------------------------------------------------------------------

    def _rekeyed(self, on: str, gone: str, absent: str) -> list[tuple[Stray, Stray]]:
        """Rows that are gone and new only because their key changed; none where there are too many to tell."""
        allowed = f" AND NOT coalesce({self.allowance.inserted}, 0)" if self.allowance.inserted else ""
        left = self._strays(
            "b", self.before, f"LEFT JOIN {self.after.source} AS a ON {on} WHERE {gone}{self._but_allowed(gone)}"
        )
        right = self._strays("a", self.after, f"LEFT JOIN {self.before.source} AS b ON {on} WHERE {absent}{allowed}")
        return list(pair_strays(left, right)) if max(len(left), len(right)) <= MOST_STRAYS else []

    def _strays(self, alias: str, table: Table, where: str) -> list[Stray]:
        names = [(old if alias == "b" else new).name for old, new in self._beside_the_key()]
        rest = [part for name in names for part in cell_sql(f"{alias}.{quote_identifier(name)}")]
        rowid = f"{alias}.{table.rowid}" if table.rowid else "NULL"
        selected = ", ".join([rowid, *self._identity_cells(alias, table), *rest])
        sql = f"SELECT {selected} FROM {table.source} AS {alias} NOT INDEXED {where} LIMIT {MOST_STRAYS + 1}"
        found = []
        for number, *values in self.connection.execute(sql):
            cells = make_cells(tuple(values))
            key = dict(zip(self.identity, cells, strict=False))
            digests = tuple(map(digest, cells[len(self.identity) :]))
            found.append(Stray(key, number if isinstance(number, int) else None, digests))
        return found

    def _beside_the_key(self) -> list[tuple[Column, Column]]:
        """The columns that tell rows apart which are no part of the key, and which nobody may change."""
        again = (
            self.before.rowid and self.after.rowid
        )  # else such a row is not read again, and all its cells must agree
        tests = self.allowance.differs.items()
        changing = {name for name, test in tests if again or test == JUDGED_ELSEWHERE}
        left_out = {fold(name) for name in self.identity} | changing
        return [pair for pair in self.pairs if fold(pair[0].name) not in left_out]

    def _write_rekeyed(self, old: Stray, new: Stray) -> int:
        """Report the parts of the key that changed, under the key of before, and what else changed in the row."""
        identity = self.telling.identify(old.key)
        for name, before in old.key.items():
            if before != (after := new.key[name]):
                told = {"expected": self.telling.tell(name, before), "found": self.telling.tell(name, after)}
                self.output.write(Difference("changed", self.after.name, column=name, **identity, **told))
        if old.rowid is not None and new.rowid is not None:
            key = {fold(name) for name in self.identity}
            rest = [pair for pair in self.pairs if fold(pair[0].name) not in key]
            cells = [pair_cells(before, after, self._differs(before, after)) for before, after in rest]
            sql = (
                f"SELECT {', '.join(cells)} FROM {self.before.source} AS b, {self.after.source} AS a"
                f" WHERE b.{self.before.rowid} = ? AND a.{self.after.rowid} = ?"
            )
            for values in self.connection.execute(sql, (old.rowid, new.rowid)) if rest else ():
                self._write_cells(identity, rest, make_cells(values))
        return 1

    def _count(self, table: Table) -> int:
        """Rows of the table itself: an index may be broken or partial."""
        return int(str(self.connection.execute(f"SELECT count(*) FROM {table.source} NOT INDEXED").get))

    def _is_unique(self, table: Table, key: tuple[str, ...]) -> bool:
        """Whether the key tells all rows apart."""
        return tells_apart(self.connection, table, key)

    # -- identities -----------------------------------------------------------------------------------------------

    def _identity_names(self) -> tuple[str, ...]:
        """How a row is named: by its key, else by whatever ids it has and its row number."""
        if self.identity:
            return self.identity
        return (*(name for name in IDENTITY if self.before.column(name) and self.after.column(name)), "rowid")

    def _identity_cells(self, alias: str, table: Table) -> list[str]:
        expressions = [f"{alias}.{quote_identifier(name)}" for name in self._identity_names()]
        if not self.identity:
            expressions[-1] = f"{alias}.{table.rowid}"
        return [part for expression in expressions for part in cell_sql(expression)]

    def _identity_of(self, table: Table, rowid: int) -> dict[str, Cell]:
        selected = ", ".join(self._identity_cells("t", table))
        rows = self.connection.execute(f"SELECT {selected} FROM {table.source} AS t WHERE {table.rowid} = ?", (rowid,))
        return dict(zip(self._identity_names(), make_cells(rows.fetchall()[0]), strict=True))

    def _write_changed(self, key: dict[str, Cell], columns: list[Cell]) -> int:
        """Report every cell of a row that changed; returns 1, the number of rows."""
        self._write_cells(self.telling.identify(key), self.pairs, columns)
        return 1

    def _write_cells(self, identity: dict[str, str], pairs: list[tuple[Column, Column]], columns: list[Cell]) -> None:
        for at, (old, _) in enumerate(pairs):
            before, after = columns[2 * at], columns[2 * at + 1]
            if before.storage == after.storage == "":
                continue
            told = {"expected": self.telling.tell(old.name, before), "found": self.telling.tell(old.name, after)}
            self.output.write(Difference("changed", self.after.name, column=old.name, **identity, **told))

    def _write(self, kind: str, key: dict[str, Cell]) -> None:
        self.output.write(Difference(kind, self.after.name, **self.telling.identify(key)))
