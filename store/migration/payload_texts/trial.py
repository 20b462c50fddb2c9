"""Payload texts of turns that are there already, saved on trial: into a copy of the one turn, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import apsw

from store.migration.filling.backfill import Tally, count_tally, has_sql
from store.migration.filling.window_evidence import decide
from store.migration.inspection.layout import target_layout
from store.migration.inspection.shapes import Recognition
from store.migration.ledger import Evidence
from store.migration.payload_texts.converted import Converted, save_text
from store.migration.summary import Counts
from store.turns.records import TurnKey
from store.turns.schema import turn_schema_sql
from store.turns.snapshot import PreparedSnapshot

_OF_TURN = " WHERE conv_id = ? AND session_id = ? AND turn_id = ?"
_ANY_ROWID = 2**63 - 1
_READ = (
    f"SELECT CAST(turn_metadata_json AS BLOB), {has_sql()}, typeof(updated_at_ms) = "
    "'integer' AND updated_at_ms <= 0 AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0 FROM turns"
)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is to be counted of a turn, and whether (0 or 1) its time of update is to be repaired."""

    tallied: tuple[int, tuple[str, ...], int, int]
    lacks_time: int


class TrialConversion:
    """A database in memory that holds one turn with its block lists, and a list of what changes in blocks.

    Nothing is written into the file; it is saved by the very code that the conversion saves by.
    """

    def __init__(self, connection: apsw.Connection, recognition: Recognition) -> None:
        self._file = connection
        self._memory = apsw.Connection(":memory:")
        self._memory.execute(turn_schema_sql())
        self._names = {
            table: [column.name for column in recognition.layout.tables[table].columns if column.name in known.names]
            for table, known in target_layout().tables.items()
            if table != "blocks" and table in recognition.layout.tables
        }
        self._done = Converted(highest_before=_ANY_ROWID)
        self._before: _Outcome | None = None
        # In the reader's own temporary database, as large as it may become.
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS rewritten_cells (row_id, name, PRIMARY KEY (row_id, name))")
        connection.execute("DELETE FROM temp.rewritten_cells")

    @property
    def is_there(self) -> bool:
        """Whether the file has the turn that was taken last."""
        return self._before is not None

    def take(self, key: TurnKey) -> None:
        """Begin with a turn, as the file has it now."""
        self._memory.execute("DELETE FROM turn_block_membership; DELETE FROM turns; DELETE FROM blocks")
        for table, names in self._names.items():
            self._copy(table, names, key)
        self._before = self._outcome()

    def save(self, snapshot: PreparedSnapshot) -> None:
        """Save a text of that turn; raises ``StoreError`` where the conversion would put it in quarantine."""
        save_text(self._memory, snapshot, self._done)

    def note_blocks(self, cells: Iterable[tuple[int, str]]) -> None:
        """Keep which cells of blocks will change; one that several texts would change is changed by the first."""
        self._file.executemany("INSERT OR IGNORE INTO temp.rewritten_cells VALUES (?, ?)", cells)

    def difference(self, level: Evidence) -> Counts:
        """What is to be counted of the turn after its texts, less what was to be counted before them."""
        before, after = self._before, self._outcome()
        if before is None or after is None:
            return Counts()
        tally: Tally = Counter()
        tally[before.tallied] -= 1
        tally[after.tallied] += 1
        counts = count_tally(tally, level)
        counts.times_repaired = after.lacks_time - before.lacks_time
        return counts

    def close(self) -> dict[str, int]:
        """Let go of the memory; how often which column was changed in what was there before."""
        self._memory.close()
        cells = self._file.execute("SELECT 'blocks.' || name, count(*) FROM temp.rewritten_cells GROUP BY name")
        found = {**self._done.rewritten, **{str(place): int(count) for place, count in cells}}
        self._file.execute("DROP TABLE temp.rewritten_cells")
        return found

    def _copy(self, table: str, names: list[str], key: TurnKey) -> None:
        """Copy the rows of a turn cell by cell, texts as bytes: those that are no UTF-8 cannot be fetched otherwise."""
        read = ", ".join(
            f"typeof({name}), iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})" for name in names
        )
        # A column that the file lacks is added with its default, which a time has only there.
        added = ["updated_at_ms"] if table == "turns" and "updated_at_ms" not in names else []
        cell = "iif(? = 'text', CAST(? AS TEXT), ?)"
        values = ", ".join(["?", *[cell] * len(names), *["0"] * len(added)])
        insert = f"INSERT INTO {table} ({', '.join(['rowid', *names, *added])}) VALUES ({values})"
        for rowid, *cells in self._file.execute(f"SELECT rowid, {read} FROM {table}{_OF_TURN}", key):
            pairs = zip(cells[::2], cells[1::2], strict=True)
            self._memory.execute(insert, (rowid, *(part for kind, cell in pairs for part in (kind, cell, cell))))

    def _outcome(self) -> _Outcome | None:
        """What the turn's row comes to, None if there is none."""
        row = self._memory.execute(_READ).fetchone()
        if row is None:
            return None
        metadata, has, lacks_time = row
        _, kinds, malformed = decide(metadata)
        return _Outcome((has, kinds, 0, malformed), lacks_time)
