"""Any two files as a whole: their schemas, then every row of every table, in one snapshot of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import apsw

from audit.comparison.files.error_words import without_values
from audit.comparison.files.opening import AFTER, BEFORE, Pair, open_pair, reading
from audit.comparison.files.tables import Table, belongs_to_sqlite, nameless_tables, read_tables
from audit.comparison.files.unknown import in_words, is_unknown, stand_in_for_collations
from audit.comparison.pair.asides import FORMAT_OF_AN_INDEX, Aside, AsideComparison, Searches, is_sqlites_own
from audit.comparison.pair.declarations import Schema, compare_schemas
from audit.comparison.pair.finding import CountedOnly, FindingFile, Place
from audit.comparison.pair.judge import Judge, NobodyJudges, Tellings
from audit.comparison.pair.opened_columns import OpenedColumns
from audit.comparison.pair.pair_rows import PairRows, TableRows, write_all
from audit.comparison.pair.pair_telling import PairTelling
from audit.comparison.rows.known_order import in_known_order, known_collations
from audit.comparison.schema.objects import read_objects
from audit.errors import UsageError
from audit.staging.access import has_log, side_path

SCHEMA_VERSION = 1
MakeJudge = Callable[[Pair, Schema, Schema], Judge]
LookBack = Callable[["Compared"], None]
"""What is done with a comparison while both files are still open."""

STATISTICS = "statistics or the next row number of a table"
SEARCH = "index of a full-text search"
INDEX_ALONE = (
    ", so whether the index of this full-text search still says the same cannot be told: rebuild it from its source,"
    " and compare that"
)
_TURN_KEY = ("conv_id", "session_id", "turn_id")


class SameFileError(UsageError):
    """Both names lead to one file: whatever was compared, nothing would be proven."""

    def __init__(self, before: Path, after: Path) -> None:
        self.before = before
        self.after = after
        super().__init__(
            f"{before} and {after} are one and the same file: comparing it with itself proves nothing. Give the copy"
            " that was made before the change, and the file after it"
        )


@dataclass(frozen=True, slots=True)
class PairSummary:
    """What was compared. ``errors`` names tables that could not be read to the end, and why: then nothing is proven.

    ``turn_files`` says that both hold turns, whose values nobody judged here.
    """

    before: str
    after: str
    tables: tuple[TableRows, ...]
    counts: dict[Place, int]
    asides: tuple[Aside, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    in_common: bool = True
    turn_files: bool = False
    contract: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``counts`` as a list of places with their numbers."""
        counts = [
            {"change": place[0], "kind": place[1], "table": place[2], "column": place[3], "count": number}
            for place, number in self.counts.items()
        ]
        return asdict(self) | {
            "schema_version": SCHEMA_VERSION,
            "counts": counts,
            "tables": [asdict(each) for each in self.tables],
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison that was made, with both files open as they were compared.

    ``errors`` are the tables that could not be compared, ``searches`` those that hold the index of a search.
    """

    pair: Pair
    before: Schema
    after: Schema
    findings: FindingFile
    telling: Tellings
    redact: bool
    errors: Mapping[str, str]
    searches: Collection[str]


def compare_pair(
    before: Path,
    after: Path,
    output: IO[bytes],
    *,
    show: Sequence[str] = (),
    redact: bool = False,
    judged_by: MakeJudge | None = None,
    look_back: LookBack | None = None,
) -> PairSummary:
    """Compare any two files; write the findings to ``output`` as newline-delimited JSON.

    Parameters
    ----------
    output
        A binary stream that can be read back and cut off.
    show
        Columns whose values are shown, as ``TABLE.COLUMN``.
    redact
        Tell keys by type, length and hash too, but for columns that are shown.
    judged_by
        Makes who says which differences are meant, once both files are open.
    look_back
        Called after everything was compared.

    Raises
    ------
    InputFileError
        One of the files cannot be read.
    SameFileError
        Both are one file.
    UnknownColumnError, AmbiguousColumnError
        No file has such a column, or more than one that is meant.
    """
    if before.exists() and after.exists() and before.samefile(after):
        raise SameFileError(before, after)
    with open_pair(after, before) as pair:
        comparison = _PairComparison(pair, (before, after), FindingFile(output), show, redact=redact)
        judge = judged_by(pair, comparison.before, comparison.after) if judged_by else NobodyJudges()
        summary = comparison.run(judge)
        if look_back is not None:
            look_back(comparison.compared())
        return summary


class _PairComparison:
    """One comparison, as long as both files are open."""

    def __init__(
        self, pair: Pair, paths: tuple[Path, Path], writer: FindingFile, show: Sequence[str], *, redact: bool
    ) -> None:
        self.pair = pair
        self.connection = pair.connection
        self.paths = paths
        self.writer = writer
        self.redact = redact
        self.known = known_collations()
        stand_in_for_collations(self.connection)
        self.before, self.after = (
            self._read_schema(database, path) for database, path in zip((BEFORE, AFTER), paths, strict=True)
        )
        self.opened = OpenedColumns.of(show, (self.before.tables, self.after.tables))
        self.searches = Searches.of(self.before.objects.values(), self.after.objects.values())
        self.asides = AsideComparison(self.connection)
        # Both sides have such a table or one alone: what became of its rows cannot be told either way.
        self.nameless = {
            name: problem
            for database in (BEFORE, AFTER)
            for name, problem in nameless_tables(self.connection, database, belongs_to_sqlite).items()
        }
        self.errors = dict(self.nameless)
        self.rows: list[TableRows] = []

    def run(self, judge: Judge) -> PairSummary:
        """Compare everything."""
        for finding in compare_schemas(self.pair, self.before, self.after):
            if not judge.admits(finding):
                self.writer.add(finding)
        self.writer.admits_cells = judge.admits_cells
        for name in sorted({*self.before.tables, *self.after.tables}):
            self._guarded(name, partial(self._compare_table, name, judge))
        self.errors.update(judge.judge(self.writer, self._telling))
        own = [read_tables(self.connection, database, _is_a_users) for database in (BEFORE, AFTER)]
        for name in sorted({*own[0], *own[1]}):
            self._guarded(name, partial(self.asides.add, name, STATISTICS, own[0].get(name), own[1].get(name)))
        return PairSummary(
            _shown(self.paths[0]),
            _shown(self.paths[1]),
            tuple(self.rows),
            dict(self.writer.counts),
            self.asides.lines(),
            self.errors,
            bool(self.before.tables.keys() & self.after.tables.keys() or self.nameless),
            all(is_turn_store(side.tables) for side in (self.before, self.after)),
            judge.to_json(),
        )

    def compared(self) -> Compared:
        """What was compared, for whoever looks back at it."""
        return Compared(
            self.pair,
            self.before,
            self.after,
            self.writer,
            self._telling,
            self.redact,
            self.errors,
            self.searches.index,
        )

    def _telling(self, name: str) -> PairTelling:
        sides = self.before.tables.get(name), self.after.tables.get(name)
        opened = self.opened.of_table(name, *sides, redact=self.redact)
        return PairTelling(self.pair.codec, opened, self.redact)

    def _read_schema(self, database: str, path: Path) -> Schema:
        with reading(path):
            objects = read_objects(self.connection, database, belongs_to_sqlite)
            return Schema(objects, read_tables(self.connection, database, belongs_to_sqlite))

    def _guarded(self, name: str, compare: Callable[[], object]) -> None:
        """One damaged page must not hide what the other tables say."""
        mark = self.writer.mark()
        try:
            compare()
        except apsw.Error as error:
            self.writer.rewind(mark)
            unknown = f"it needs {in_words(error)}, which SQLite here does not know" if is_unknown(error) else ""
            logs = [side_path(path, "-wal") for path in self.paths if has_log(path)]
            with_logs = f" (read with {' and '.join(map(_shown, logs))}: is that its own log?)" if logs else ""
            self.errors[name] = (
                unknown or f"{without_values(error)}{with_logs if isinstance(error, apsw.CorruptError) else ''}"
            )

    def _compare_table(self, name: str, judge: Judge) -> None:
        old, new = self.before.tables.get(name), self.after.tables.get(name)
        are_settings = self.searches.is_settings(name) and old is not None and new is not None
        if (search := self.searches.index.get(name)) and not are_settings:
            if self.asides.add(search, SEARCH, old, new) and search in self.searches.textless:
                self.errors[search] = f"it {self.searches.textless[search]}{INDEX_ALONE}"
            return
        telling = self._telling(name)
        if old is not None and new is not None:
            with in_known_order(self.connection, self.known, old, new) as (left, right):
                allowance = judge.allowance(left, right)
                if are_settings:
                    allowance = replace(allowance, changed=FORMAT_OF_AN_INDEX)
                rows = PairRows(self.connection, left, right, self.writer, telling, allowance)
                self.rows.append(rows.compare())
                assert rows.counts is not None
                judge.compared((left, right), rows.counts, rows.joined_on)
            return
        for table, kind in ((old, "deleted"), (new, "inserted")):
            if table is not None:
                is_meant = judge.admits_rows(table, kind)
                output = CountedOnly() if is_meant else self.writer
                rows_of_it = write_all(self.connection, table, kind, output, telling)
                self.rows.append(rows_of_it)
                if is_meant:
                    judge.compared_alone(table, kind, rows_of_it.rows_before + rows_of_it.rows_after)


def _shown(path: Path) -> str:
    """A path as a text that JSON can hold; not every name is one."""
    return os.fsencode(path).decode(errors="replace")


def _is_a_users(name: str) -> bool:
    return not is_sqlites_own(name)


def is_turn_store(tables: Mapping[str, Table]) -> bool:
    """Whether a file has turns as this project knows them."""
    table = tables.get("turns")
    return table is not None and all(table.column(name) for name in _TURN_KEY)
