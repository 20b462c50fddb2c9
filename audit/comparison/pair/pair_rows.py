"""The rows of one table of any two files: paired by number, by a key or as a bag, and said which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import apsw

from audit.comparison.allowances.allowance import EVERY_ROW, JUDGED_ELSEWHERE, Allowance
from audit.comparison.difference import Cell, Difference, Output, Telling, cell_sql, make_cells
from audit.comparison.files.tables import Column, Table, quote_identifier, tells_apart
from audit.comparison.pair.pair_telling import ROW_NUMBER
from audit.comparison.rows.bag import Surplus, surplus_of
from audit.comparison.rows.cell_tests import compare_alike, differs_in_type
from audit.comparison.rows.rekeyed import Stray
from audit.comparison.rows.row_comparison import RowComparison
from audit.comparison.rows.row_counts import RowCounts
from audit.sqlite.tokens import fold

CONTENT = "content"
"""How a row is named that has neither key nor number: by the digest of its cells."""

_MOST_TRIED = 10**8
_MOST_REST = 400
"""Of wider tables no row is looked for under another key: one statement could not answer with all its cells."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """What became of the rows of one table; ``paired_by`` says in words how rows were paired, '' where none were."""

    table: str
    rows_before: int
    rows_after: int
    paired_by: str = ""


class PairRows(RowComparison):
    """The comparison of one table that both files have; every difference counts, unless an allowance is given."""

    def __init__(
        self,
        connection: apsw.Connection,
        before: Table,
        after: Table,
        output: Output,
        telling: Telling,
        allowance: Allowance | None = None,
    ) -> None:
        super().__init__(connection, before, after, allowance or Allowance(), output, telling)
        # What was stored has to be what is computed now, and the other way round; what always is lies in no cell.
        columns = [(old, new) for old in before.columns if (new := after.column(old.name)) is not None]
        self.pairs = [(old, new) for old, new in columns if not (old.is_generated and new.is_generated)]
        self.keys = self._shared_keys()
        self.identity = self.keys[0] if self.keys else ()
        self.paired_by: tuple[str, ...] = ()
        self.counts: RowCounts | None = None

    def _shared_keys(self) -> list[tuple[str, ...]]:
        """The keys by which rows can be paired, each once: that of a contract first, then those of before."""
        declared = (self.allowance.key, *self.before.keys, *self.after.keys)
        shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        for key in declared:
            if key and all(table.column(name) for table in (self.before, self.after) for name in key):
                shared.setdefault(tuple(map(fold, key)), key)
        return list(shared.values())

    def compare(self) -> TableRows:
        """Compare, by the cheapest route that tells the truth."""
        counts = self.counts = self.run()
        return TableRows(self.after.name, counts.rows_before, counts.rows_after, self._in_words(counts.route))

    def _in_words(self, route: str) -> str:
        if route == "rowid":
            return "rowid"
        if route == "multiset":
            return "bag: nothing tells its rows apart"
        columns = ", ".join(self.paired_by)
        declared = self.before.keys[:1] if any(column.key_position for column in self.before.columns) else ()
        if self.paired_by in declared:
            return f"primary key ({columns})"
        return f"key of the contract ({columns})" if self.paired_by == self.allowance.key else f"unique key ({columns})"

    def _by_key(self, key: tuple[str, ...], rows_before: int, rows_after: int) -> RowCounts:
        self.paired_by = key
        if key != self.allowance.key:
            self._judge_keys_of_claims()
        return super()._by_key(key, rows_before, rows_after)

    def _judge_keys_of_claims(self) -> None:
        """Where rows belong together by something else, a claim does not say what became of the cells of its key."""
        key = set(map(fold, self.allowance.key))
        tests = {
            name: test for name, test in self.allowance.differs.items() if name not in key or test != JUDGED_ELSEWHERE
        }
        self.allowance = replace(self.allowance, differs=tests)

    def _is_unique(self, table: Table, key: tuple[str, ...]) -> bool:
        """Also whether both sides mean the same by equal: else one row might pair with two, and hide one of them."""
        return super()._is_unique(table, key) and (table is self.before or self._is_one_to_one(key))

    def _is_one_to_one(self, key: tuple[str, ...]) -> bool:
        columns = [table.column(name) for table in (self.before, self.after) for name in key]
        if any(column is None or column.is_generated for column in columns):
            return False
        if compare_alike(self.connection, self.before, self.after, key):
            return True
        # Here no index helps: of large tables that cannot be found out in time.
        if (
            not (self.before.rowid and self.after.rowid)
            or self._count(self.before) * self._count(self.after) > _MOST_TRIED
        ):
            return False
        on = " AND ".join(f"a.{quote_identifier(name)} IS b.{quote_identifier(name)}" for name in key)
        joined = f"SELECT 1 FROM {self.before.source} AS b NOT INDEXED JOIN {self.after.source} AS a ON {on}"
        grouped = [f"{joined} GROUP BY {row} HAVING count(*) > 1 LIMIT 1" for row in self._row_numbers()]
        return not any(self.connection.execute(sql).fetchall() for sql in grouped)

    @property
    def joined_on(self) -> str:
        """How a row of before, ``b``, and its row after, ``a``, belong together; '' where no row has one."""
        assert self.counts is not None
        if self.counts.route == "multiset":
            return ""
        if self.counts.route == "rowid":
            return "{1} = {0}".format(*self._row_numbers())
        return " AND ".join(f"a.{name} IS b.{name}" for name in map(quote_identifier, self.paired_by))

    def _row_numbers(self) -> tuple[str, str]:
        return f"b.{self.before.rowid}", f"a.{self.after.rowid}"

    def _by_content(
        self, by_rowid: RowCounts | None, mark: tuple[int, int], rows_before: int, rows_after: int
    ) -> RowCounts:
        """As bags; or by number, where that needs no more lost and new rows than bags do: then no row has moved."""
        self.output.rewind(mark)
        self.identity = ()  # no key tells these rows apart, so none can name them
        self._judge_keys_of_claims()
        if self.allowance.deleted == EVERY_ROW:
            # Nobody could say of such a row whether it is gone, or which of its cells have changed.
            self.allowance = replace(self.allowance, deleted="")
        tests = self.allowance.differs
        judged = [pair for pair in self.pairs if tests.get(fold(pair[0].name)) != JUDGED_ELSEWHERE]
        plain = [pair for pair in judged if fold(pair[0].name) not in tests]
        with self._surplus(plain) as surplus:
            if self.before.rowid and self.after.rowid:
                counts = self._by_number(rows_before, rows_after)
                gone, came = counts.deleted + counts.may_be_gone, counts.inserted + counts.appended
                if (gone + counts.changed, came + counts.changed) == (surplus.lost, surplus.new):
                    return counts
                self.output.rewind(mark)
            if plain == judged:
                return self._as_bag(surplus, rows_before, rows_after)
        # Which cell became which nobody can say, nor whether both mean the same: bytes decide.
        with self._surplus(judged) as surplus:
            return self._as_bag(surplus, rows_before, rows_after)

    def _surplus(self, pairs: Sequence[tuple[Column, Column]]) -> AbstractContextManager[Surplus]:
        columns = [(old.name, new.name) for old, new in pairs]
        return surplus_of(self.connection, self.before, self.after, columns)

    def _as_bag(self, surplus: Surplus, rows_before: int, rows_after: int) -> RowCounts:
        found = Counter[str]()
        for side, number, content in surplus.rows():
            name = {CONTENT: Cell("blob", content)} if number is None else {ROW_NUMBER: Cell("integer", number)}
            kind = "inserted" if side > 0 else "deleted"
            if number is None or not self._is_allowed(kind, number):
                found[kind] += 1
                self._write(kind, name)
        deleted, inserted = found["deleted"], found["inserted"]
        gone = surplus.lost - deleted
        return RowCounts(self.after.name, rows_before, rows_after, "multiset", deleted, inserted, may_be_gone=gone)

    def _by_number(self, rows_before: int, rows_after: int) -> RowCounts:
        before, after = self._row_numbers()
        on, gone = f"{after} = {before}", f"{after} IS NULL"
        counts = self._write_by_key(on, gone, f"{before} IS NULL", [])
        return RowCounts(self.after.name, rows_before, rows_after, "rowid", *counts, self._count_allowed(on, gone))

    def _is_allowed(self, kind: str, number: int) -> bool:
        """Whether the row of that number may have come, or may be gone."""
        condition = self.allowance.inserted if kind == "inserted" else self.allowance.deleted
        if not condition:
            return False
        table, alias = (self.after, "a") if kind == "inserted" else (self.before, "b")
        sql = f"SELECT coalesce({condition}, 0) FROM {table.source} AS {alias} WHERE {alias}.{table.rowid} = ?"
        return bool(self.connection.execute(sql, (number,)).get)

    def _differs(self, old: Column, new: Column) -> str:
        return self.allowance.differs.get(fold(old.name)) or differs_in_type(old, new)

    def _identity_names(self) -> tuple[str, ...]:
        return self.identity or (ROW_NUMBER,)

    def _rekeyed(self, on: str, gone: str, absent: str) -> list[tuple[Stray, Stray]]:
        return super()._rekeyed(on, gone, absent) if len(self.pairs) <= _MOST_REST else []


def write_all(connection: apsw.Connection, table: Table, kind: str, output: Output, telling: Telling) -> TableRows:
    """Tell every row of a table that only one of the files has; ``kind`` is deleted or inserted."""
    key = table.keys[0] if _has_key(connection, table) else ()
    names = key or ((ROW_NUMBER,) if table.rowid else ())
    expressions = [quote_identifier(name) for name in key] or ([table.rowid] if table.rowid else ["NULL"])
    selected = ", ".join(part for expression in expressions for part in cell_sql(expression))
    count = 0
    for values in connection.execute(f"SELECT {selected} FROM {table.source} NOT INDEXED"):
        told = telling.identify(dict(zip(names, make_cells(values), strict=False)))
        output.write(Difference(kind, table.name, **told))
        count += 1
    return TableRows(table.name, *((count, 0) if kind == "deleted" else (0, count)))


def _has_key(connection: apsw.Connection, table: Table) -> bool:
    """Whether the first key of a table tells all its rows apart; one that may hold NULL need not."""
    if not table.keys or any((column := table.column(name)) is None or column.is_generated for name in table.keys[0]):
        return False
    return tells_apart(connection, table, table.keys[0])
