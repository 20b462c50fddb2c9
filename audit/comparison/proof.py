"""The proof as a whole: schema objects, pragmas, then every table that the baseline has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import apsw

from audit.comparison.allowances.allowance import FOLLOWS_OTHERS, allow, find_after
from audit.comparison.allowances.declared_changes import DeclaredChange, count_declared
from audit.comparison.allowances.redeclared import read_redeclared
from audit.comparison.difference import Difference, DifferenceFile, TurnTelling
from audit.comparison.files.error_words import without_values
from audit.comparison.files.opening import AFTER, BEFORE, Pair, open_pair, reading
from audit.comparison.files.tables import Table, nameless_tables, read_tables
from audit.comparison.files.unknown import in_words, is_unknown, stand_in_for_collations
from audit.comparison.pair.asides import AsideComparison, Searches
from audit.comparison.rows.known_order import in_known_order, known_collations
from audit.comparison.rows.row_comparison import RowComparison
from audit.comparison.rows.row_counts import RowCounts
from audit.comparison.schema import definitions
from audit.comparison.schema.objects import SchemaObject, read_objects
from audit.comparison.schema.search import Search
from audit.errors import AuditError
from audit.sqlite.tokens import fold

SCHEMA_VERSION = 1
_Tables = Mapping[str, Table]
_Objects = Mapping[str, Mapping[tuple[str, str], SchemaObject]]
_TURN_KEY = ("conv_id", "session_id", "turn_id")


class UnrelatedBaselineError(AuditError):
    """The baseline knows none of the audited turns: whatever it is, it is not the file as it was before."""

    def __init__(self, turns: Path, baseline: Path) -> None:
        self.turns = turns
        self.baseline = baseline
        super().__init__(
            f"{baseline}: not one turn of this baseline is in {turns}. Give the copy of that very file which was made"
            " before its migration"
        )


@dataclass(frozen=True, slots=True)
class ProofSummary:
    """What was compared. ``errors`` names tables that could not be read to the end; then the proof is incomplete.

    ``uncompared`` names tables of other programs whose rows need what is not known here, and what that is.
    ``untold`` names searches with another index than before, each with why nothing else says what it finds.
    ``declared`` counts the changes that are no differences because the migration states them.
    """

    turns: str
    baseline: str
    cutover_ms: int | None
    tables: tuple[RowCounts, ...]
    differences: int
    errors: Mapping[str, str] = field(default_factory=dict)
    uncompared: Mapping[str, str] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)
    declared: tuple[DeclaredChange, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every table was read to its end."""
        return not self.errors

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``tables`` by name, ``rows_compared`` counts the rows before, all of which were looked at."""
        tables = {
            counts.table: asdict(counts) | {"rows_compared": counts.rows_before, "appended": counts.appended}
            for counts in self.tables
        }
        for counts in tables.values():
            del counts["may_be_gone"]  # rows that may be are what a contract says, and a migration deletes none
        return asdict(self) | {"schema_version": SCHEMA_VERSION, "complete": self.complete, "tables": tables}


def prove(turns: Path, baseline: Path, output: IO[bytes], *, cutover_ms: int | None = None) -> ProofSummary:
    """Compare a file with the copy of it that was made before its migration; write the differences to ``output``.

    Parameters
    ----------
    output
        A binary stream that can be read back and cut off, for newline-delimited JSON.
    cutover_ms
        When the migration began; taken from the migration ledger of the file if it is not given.

    Raises
    ------
    InputFileError
        One of the files cannot be read.
    UnrelatedBaselineError
        The two files have no turn in common.
    """
    writer = DifferenceFile(output)
    with open_pair(turns, baseline) as pair:
        connection = pair.connection
        # A damaged index is met here first: without it no turn can be looked for in the other file.
        with reading(turns):
            before, after = read_tables(connection, BEFORE), read_tables(connection, AFTER)
            _require_kinship(connection, before, after, turns, baseline)
        objects = {database: read_objects(connection, database) for database in (BEFORE, AFTER)}
        search = Search.of(objects[BEFORE].values(), objects[AFTER].values())
        known = known_collations()
        stand_in_for_collations(connection)
        cutover_ms = read_cutover(connection) if cutover_ms is None else cutover_ms
        _compare_schema(pair, objects, (before, after), writer)
        converted = texts_were_converted(connection)
        redeclared = read_redeclared(connection)
        counts: list[RowCounts] = []
        errors = nameless_tables(connection, BEFORE)
        uncompared: dict[str, str] = {}
        declared: list[DeclaredChange] = []
        for old in before.values():
            new = find_after(old, after)
            if new is None or fold(old.name) in search.indexes:
                continue
            mark = writer.mark()
            allowance = allow(old, new, before, after, cutover_ms, converted_before=converted, redeclared=redeclared)
            if fold(old.name) in search.fed:
                allowance = FOLLOWS_OTHERS
            try:
                with in_known_order(connection, known, old, new) as (left, right):
                    counts.append(
                        RowComparison(connection, left, right, allowance, writer, TurnTelling(pair.codec)).run()
                    )
                    declared += count_declared(connection, left, right, counts[-1].route, allowance.rules)
            except apsw.Error as error:
                # One damaged page must not hide what the other tables say.
                writer.rewind(mark)
                if is_unknown(error):
                    uncompared[old.name] = in_words(error)
                else:
                    errors[old.name] = without_values(error)
        untold = _untold_searches(connection, objects, (before, after), search)
    return ProofSummary(
        str(turns), str(baseline), cutover_ms, tuple(counts), writer.count, errors, uncompared, untold, tuple(declared)
    )


def read_cutover(connection: apsw.Connection) -> int | None:
    """When the first migration since the baseline began, by the ledger of the audited file; None without one."""
    runs = f"SELECT min(started_at_ms) FROM {AFTER}.turntruth_migrations WHERE step = 'migration'"
    before = f"SELECT migration_id FROM {BEFORE}.turntruth_migrations WHERE migration_id IS NOT NULL"
    # What the baseline's own ledger tells of was over when the baseline was taken.
    for sql in (f"{runs} AND migration_id NOT IN ({before})", runs):
        try:
            ((started,),) = connection.execute(sql).fetchall()
        except apsw.SQLError:
            continue
        return started if isinstance(started, int) else None
    return None


def texts_were_converted(connection: apsw.Connection) -> bool:
    """Whether the ledger of the baseline says that its payload texts were converted."""
    return _step_is_complete(connection, BEFORE, "convert")


def texts_were_dropped(connection: apsw.Connection) -> bool:
    """Whether the ledger of the audited file says that the converted payload texts were dropped."""
    return _step_is_complete(connection, AFTER, "drop_legacy")


def _step_is_complete(connection: apsw.Connection, database: str, step: str) -> bool:
    sql = f"SELECT 1 FROM {database}.turntruth_migrations WHERE step = ? AND state = 'completed' LIMIT 1"
    try:
        return bool(connection.execute(sql, (step,)).fetchall())
    except apsw.SQLError:
        return False


def _untold_searches(
    connection: apsw.Connection, objects: _Objects, tables: tuple[_Tables, _Tables], search: Search
) -> dict[str, str]:
    """Searches whose texts are nowhere in the file and come from no trigger, where the index is another than before."""
    searches = Searches.of(*(side.values() for side in objects.values()))
    found = {}
    for name in search.indexes - search.fed:
        owner = searches.index.get(name, "")
        if owner in searches.textless and all(name in side for side in tables):
            try:
                is_another = AsideComparison(connection).add(owner, "", *(side[name] for side in tables))
            except apsw.Error:
                is_another = True  # where it is damaged, the check of the whole file says so
            if is_another:
                found[owner] = searches.textless[owner]
    return found


def _require_kinship(connection: apsw.Connection, before: _Tables, after: _Tables, turns: Path, baseline: Path) -> None:
    """Refuse a baseline of another store: it would name every single row and say nothing."""
    old, new = before.get("turns"), after.get("turns")
    if old is None or new is None or not all(table.column(name) for table in (old, new) for name in _TURN_KEY):
        return
    filled = [connection.execute(f"SELECT 1 FROM {table.source} LIMIT 1").fetchall() for table in (old, new)]
    same = " AND ".join(f"a.{name} IS b.{name}" for name in _TURN_KEY)
    common = f"SELECT 1 FROM {old.source} AS b JOIN {new.source} AS a ON {same} LIMIT 1"
    if all(filled) and not connection.execute(common).fetchall():
        raise UnrelatedBaselineError(turns, baseline)


def _compare_schema(
    pair: Pair,
    objects: _Objects,
    tables: tuple[_Tables, _Tables],
    writer: DifferenceFile,
) -> None:
    """Everything that can be told without reading rows."""
    before, after = tables
    old, new = objects[BEFORE], objects[AFTER]
    redeclared = read_redeclared(pair.connection)
    columns = list(definitions.compare_tables(before, after, redeclared))
    # Where columns differ, the text of the definition does too: then only its clauses are compared.
    told = {difference.key for difference in columns}
    found: list[Difference] = [
        *definitions.compare_pragmas(pair.connection, BEFORE, AFTER, pair.encodings),
        *definitions.compare_objects(old, new, before, after, texts_dropped=texts_were_dropped(pair.connection)),
        *columns,
        *definitions.compare_definitions(old, new, tables, redeclared, told),
    ]
    for difference in found:
        writer.write(difference)
