"""A private copy of one world's files, in which a fault is made; every change goes into the change log."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import apsw
import orjson

from audit.errors import AuditError
from store.sqlite.closing import Closing

if TYPE_CHECKING:
    from benchmarks.detection.files.focus import Focus

Row = dict[str, Any]
T = TypeVar("T")
TurnKey = tuple[str, str, str]
Tamper = Callable[[str, dict[str, Any]], None]
"""Changes the document that a debug API answers for a path."""

ROLES = ("turns", "timeline", "baseline")
TURN_KEY = ("conv_id", "session_id", "turn_id")
_KEYS = {
    "turns": TURN_KEY,
    "blocks": ("block_id", "content_hash"),
    "turn_block_membership": (*TURN_KEY, "phase", "snapshot_created_at_ms", "ordinal"),
    "timeline_conversations": ("conv_id",),
    "timeline_versions": ("conv_id",),
    "timeline_entities": ("conv_id", "entity_id"),
    "turntruth_migrations": ("migration_id", "step"),
}
_INFERENCE_KEYS = ("geppetto.inference_id@v1", "inference_id")
# What a column of a table is called where a check names it.
_CHECK_NAMES = {"snapshot_created_at_ms": "snapshot_ms"}


class Position(StrEnum):
    """Where among the rows a fault falls."""

    FIRST = "first"
    LAST = "last"
    BOUNDARY = "boundary"
    RANDOM = "random"


class NoPlaceError(AuditError):
    """The files of this world offer no place for the fault."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        super().__init__(f"no row for this fault: wanted {wanted}")


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change log.

    ``identity`` holds whatever a check may use to name the place: key columns, names of tables, columns, indexes.
    ``before`` and ``after`` are told as Python would, '' where the whole row or object came or went. ``side`` is
    ``before`` or ``after`` where a key itself changed: a check may name the row as it was, or as it is.
    """

    table: str
    identity: Mapping[str, str]
    column: str = ""
    before: str = ""
    after: str = ""
    side: str = ""


@dataclass
class Site(Closing):
    """The copy under attack.

    Attributes
    ----------
    folder
        Holds ``turns.db``, ``timeline.db`` and ``baseline.db``.
    count
        How many rows to damage, where a fault can be done to any number.
    batch_rows
        Places next to a multiple of this rowid count as batch boundaries.
    avoid
        Keys of turns that are left alone, because another fault has been made in them.
    focus
        Where alone a place is picked, beside another fault; None for everywhere.
    tamper
        What a fault does to the answers of the debug API over the clean files; None if it does nothing to them.
    """

    folder: Path
    rng: random.Random
    count: int = 1
    position: Position = Position.RANDOM
    batch_rows: int = 50
    avoid: frozenset[TurnKey] = frozenset()
    focus: Focus | None = None
    changes: list[Change] = field(default_factory=list)
    tamper: Tamper | None = None
    _connections: dict[str, apsw.Connection] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of all files; before that no audit may look at them."""
        for connection in self._connections.values():
            if connection.in_transaction:
                connection.execute("COMMIT")
            connection.close()
        self._connections.clear()

    def path(self, role: str) -> Path:
        """The file of a role: turns, timeline, baseline."""
        return self.folder / f"{role}.db"

    def connect(self, role: str = "turns") -> apsw.Connection:
        """The one open connection to the file of a role."""
        if role not in self._connections:
            connection = apsw.Connection(str(self.path(role)))
            connection.pragma("foreign_keys", False)
            connection.pragma("synchronous", "off")
            self._connections[role] = connection
        return self._connections[role]

    # -- reading --------------------------------------------------------------------------------------------------

    def rows(self, sql: str, *values: Any, role: str = "turns") -> list[Row]:
        """The rows of a query, by column."""
        cursor = self.connect(role).cursor()
        cursor.setrowtrace(_by_column)
        return list(cursor.execute(sql, values))

    def value(self, sql: str, *values: Any, role: str = "turns") -> Any:
        """The first cell of a query that finds something, else NoPlaceError."""
        for row in self.connect(role).execute(sql, values):
            return row[0]
        raise NoPlaceError(sql)

    def turns(self, condition: str = "1", *values: Any) -> list[Row]:
        """All turns for which a condition holds, by rowid; ``t`` is the turn."""
        found = self.rows(f"SELECT t.rowid AS row_id, t.* FROM turns t WHERE {condition} ORDER BY t.rowid", *values)
        found = [row for row in found if (row["conv_id"], row["session_id"], row["turn_id"]) not in self.avoid]
        if not found:
            raise NoPlaceError(f"a turn with {condition}")
        return found

    def pick_turns(self, condition: str = "1", *values: Any, most: int | None = None) -> list[Row]:
        """As many turns as the fault is to damage, at its position."""
        return self.pick(self.turns(condition, *values), most=most)

    def pick_rows(self, table: str, condition: str = "1", *values: Any, role: str = "turns") -> list[Row]:
        """The same for any table; ``t`` is the row."""
        sql = f"SELECT t.rowid AS row_id, t.* FROM {table} t WHERE {condition} ORDER BY t.rowid"
        return self.pick(self.rows(sql, *values, role=role), wanted=f"a row of {table} with {condition}")

    def pick(self, candidates: Sequence[T], *, most: int | None = None, wanted: str = "a place") -> list[T]:
        """Choose by position; the order of the candidates is their order in the file."""
        if self.focus is not None:
            candidates = self.focus.among(candidates)
        if not candidates:
            raise NoPlaceError(wanted)
        count = min(self.count if most is None else min(most, self.count), len(candidates))
        match self.position:
            case Position.FIRST:
                return list(candidates[:count])
            case Position.LAST:
                return list(candidates[-count:])
            case Position.BOUNDARY:
                return sorted(candidates, key=self._distance_to_boundary)[:count]
            case _:
                return self.rng.sample(list(candidates), count)

    def _distance_to_boundary(self, candidate: object) -> int:
        row_id = int(candidate.get("row_id", 0)) if isinstance(candidate, dict) else 0
        rest = row_id % self.batch_rows
        return min(rest, self.batch_rows - rest)

    # -- changing, with an entry in the change log ----------------------------------------------------------------

    def set_cell(self, row: Row, column: str, value: Any, *, table: str = "turns", role: str = "turns") -> None:
        """Set one cell; nothing happens and nothing is logged where it holds that very value."""
        if type(value) is type(row[column]) and value == row[column]:
            return
        self.connect(role).execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row["row_id"]))
        self.log_row(table, row, column, repr(row[column]), repr(value))

    def set_sql(self, row: Row, column: str, expression: str, *, table: str = "turns", role: str = "turns") -> None:
        """Set one cell to a SQL expression over its row."""
        connection = self.connect(role)
        read = f"SELECT typeof({column}), hex({column}) FROM {table} WHERE rowid = ?"
        before = connection.execute(read, (row["row_id"],)).fetchall()
        connection.execute(f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?", (row["row_id"],))
        after = connection.execute(read, (row["row_id"],)).fetchall()
        if before != after:
            self.log_row(table, row, column, str(before[0]), str(after[0]))

    def delete_row(self, row: Row, *, table: str, role: str = "turns") -> None:
        """Delete one row and nothing else."""
        self.connect(role).execute(f"DELETE FROM {table} WHERE rowid = ?", (row["row_id"],))
        self.log_row(table, row, before="the row")

    def insert_row(self, row: Row, *, table: str, role: str = "turns") -> None:
        """Insert a row; ``row_id`` is ignored."""
        columns = [name for name in row if name != "row_id"]
        marks = ", ".join("?" for _ in columns)
        self.connect(role).execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", [row[name] for name in columns]
        )
        self.log_row(table, row, after="the row")

    def run(self, *statements: str, role: str = "turns") -> None:
        """Run statements that the caller logs, or that lead up to the fault and belong to it on both sides."""
        for statement in statements:
            self.connect(role).execute(statement).fetchall()

    def set_on_both(self, row: Row, column: str, value: Any) -> None:
        """Make a cell of a turn what it had been from the beginning: in the baseline as well, so it is no change."""
        condition = " AND ".join(f"{name} = ?" for name in TURN_KEY)
        key = [row[name] for name in TURN_KEY]
        for role in ("turns", "baseline"):
            self.connect(role).execute(f"UPDATE turns SET {column} = ? WHERE {condition}", (value, *key))

    def retell(self, row: Row, metadata: str) -> None:
        """Let a turn have had other metadata from the beginning, with the same inference, told as it was."""
        if row["inference_id"]:
            member = orjson.dumps({_inference_key(row["turn_metadata_json"]): row["inference_id"]}).decode()
            metadata = f"{metadata[:-1]},{member[1:]}"
        self.set_on_both(row, "turn_metadata_json", metadata)

    def rewrite_schema(self, name: str, old: str, new: str, *, role: str = "turns") -> None:
        """Change the stored definition of a table or index, as a rebuild by hand would have left it."""
        connection = self.connect(role)
        (text,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchall()[0]
        if old not in str(text):
            raise NoPlaceError(f"{old!r} in the definition of {name}")
        connection.pragma("writable_schema", True)
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (str(text).replace(old, new), name))
        connection.execute("PRAGMA writable_schema = RESET").fetchall()

    def log(self, table: str, *, before: str = "", after: str = "", column: str = "", **identity: str) -> None:
        """Log the change of something that is no row: the caller says how a check may name it."""
        self.changes.append(Change(table, {"table_name": table, **identity}, column, before, after))

    def log_moved(self, table: str, row: Row, moved: Row, column: str) -> None:
        """Log the change of a key: the row as it was and as it is."""
        for each, side in ((row, "before"), (moved, "after")):
            self.log_row(table, each, column, repr(row[column]), repr(moved[column]), side)

    def move_key(self, row: Row, column: str, value: Any, *, table: str) -> None:
        """Set one cell of a key."""
        self.connect().execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row["row_id"]))
        self.log_moved(table, row, {**row, column: value}, column)

    def log_row(
        self, table: str, row: Row, column: str = "", before: str = "", after: str = "", side: str = ""
    ) -> None:
        """Log the change of a row under every name that a check may give it."""
        identity = {_CHECK_NAMES.get(name, name): str(row[name]) for name in _KEYS.get(table, ()) if name in row}
        identity |= {"table_name": table, "row_key": _row_key(table, row)}
        identity |= {"column_name": column} if column else {}
        self.changes.append(Change(table, identity, column, before, after, side))


def _inference_key(metadata: str) -> str:
    """The key under which metadata tells the inference: under another one the migration would have stated it so."""
    try:
        told = orjson.loads(metadata)
    except orjson.JSONDecodeError:
        told = {}
    return next((key for key in _INFERENCE_KEYS if isinstance(told, dict) and told.get(key)), _INFERENCE_KEYS[0])


def run_on(path: Path, statements: Iterable[str]) -> None:
    """Run statements in a connection of their own, closed again."""
    with closing(apsw.Connection(str(path))) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


def _row_key(table: str, row: Row) -> str:
    """The key of a row as the checks on storage classes write it."""
    if table in {"turns", "turntruth_migrations"}:
        return ""
    plain = {name: row[name] for name in _KEYS.get(table, ()) if name in row and name not in TURN_KEY}
    return orjson.dumps(plain).decode() if plain else ""


def _by_column(cursor: apsw.Cursor, row: apsw.SQLiteValues) -> Row:
    names = [str(description[0]) for description in cursor.get_description()]
    return dict(zip(names, row, strict=True))
