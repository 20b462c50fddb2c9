"""What differs between two files, one record a row and column, and how a value is told without giving it away."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Protocol

import apsw
import orjson

from audit.comparison.files.texts import to_json
from audit.sqlite.attributed_column import COLUMN_NAMES

# Values of these columns are ids, times and states. Whatever else a file holds may be what people wrote.
_OPEN_COLUMNS = frozenset({
    "block_id", "content_hash", "conv_id", "entity_id", "hash_algorithm", "kind", "ordinal", "phase", "role", "run_id",
    "session_id", "status", "turn_id", "version", *COLUMN_NAMES,
})  # fmt: skip
_SHOWN_CHARACTERS = 120
_SHOWN_BYTES = 32

# The columns that the findings carry by themselves; other parts of a key go into ``key``.
IDENTITY = ("conv_id", "session_id", "turn_id")


@dataclass(frozen=True, slots=True)
class Cell:
    """One stored value: its storage class as SQLite's ``typeof`` says it, and the value; text comes as its bytes."""

    storage: str
    value: int | float | bytes | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was. ``kind`` is deleted, inserted, changed, schema or pragma; unused fields are ''.

    ``key`` is a JSON object of the key columns besides conversation, session and turn.
    """

    kind: str
    table: str
    key: str = ""
    conv_id: str = ""
    session_id: str = ""
    turn_id: str = ""
    column: str = ""
    expected: str = ""
    found: str = ""


class DifferenceFile:
    """Writes differences as newline-delimited JSON, and can take back what was written since a mark."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.count = 0

    def write(self, difference: Difference) -> None:
        """Append one record."""
        self.stream.write(to_json(asdict(difference)) + b"\n")
        self.count += 1

    def mark(self) -> tuple[int, int]:
        """A point to go back to."""
        return self.stream.tell(), self.count

    def rewind(self, mark: tuple[int, int]) -> None:
        """Forget everything since the mark."""
        self.stream.seek(mark[0])
        self.stream.truncate()
        self.count = mark[1]


class Telling(Protocol):
    """How the rows of a table and their values are put into words."""

    def tell(self, column: str, cell: Cell) -> str:
        """One value."""
        ...

    def identify(self, key: Mapping[str, Cell]) -> dict[str, str]:
        """The fields of a `Difference` that say which row it is."""
        ...


class Output(Protocol):
    """Where differences go to; what was written since a mark can be taken back."""

    def write(self, difference: Difference) -> None:
        """Append one."""
        ...

    def mark(self) -> tuple[int, int]:
        """A point to go back to."""
        ...

    def rewind(self, mark: tuple[int, int]) -> None:
        """Forget everything since the mark."""
        ...


@dataclass(frozen=True, slots=True)
class TurnTelling:
    """Rows and values of a turn file: ids, times and states are open; ``encoding`` is the codec of its texts."""

    encoding: str

    def tell(self, column: str, cell: Cell) -> str:
        """See :func:`tell`."""
        return tell(column, cell, self.encoding)

    def identify(self, key: Mapping[str, Cell]) -> dict[str, str]:
        """See :func:`identify`."""
        return identify(key, self.encoding)


def cell_sql(column: str) -> tuple[str, str]:
    """SQL for the two values that make a `Cell`; text is read as bytes, because not all of it need be valid UTF-8."""
    return f"typeof({column})", f"CASE typeof({column}) WHEN 'text' THEN CAST({column} AS BLOB) ELSE {column} END"


def make_cells(row: Sequence[apsw.SQLiteValue]) -> list[Cell]:
    """Cells out of the values that `cell_sql` selects; the storage class is ``''`` where a cell was left out."""
    cells = []
    for storage, value in zip(row[::2], row[1::2], strict=True):
        if isinstance(value, str):
            raise TypeError(f"text must be read as bytes, got {value!r}")
        cells.append(Cell(str(storage or ""), value))
    return cells


def tell(column: str, cell: Cell, encoding: str) -> str:
    """A value as a SQL literal, so that 5, '5', NULL and 'NULL' look different.

    Long values, and texts that may be what people wrote, are told by length and hash.
    """
    value = cell.value
    if isinstance(value, bytes):
        return _tell_bytes(column.lower(), cell.storage, value, encoding)
    return "NULL" if value is None else repr(value)


def _tell_bytes(column: str, storage: str, value: bytes, encoding: str) -> str:
    digest = f"{storage} of {len(value)} bytes, sha256 {hashlib.sha256(value).hexdigest()[:16]}"
    if column not in _OPEN_COLUMNS and not column.endswith("_ms"):
        return digest
    if storage == "blob":
        return f"x'{value.hex()}'" if len(value) <= _SHOWN_BYTES else f"x'{value[:_SHOWN_BYTES].hex()}'… ({digest})"
    text = value.decode(encoding, "replace")
    quoted = "'" + text[:_SHOWN_CHARACTERS].replace("'", "''") + "'"
    return quoted if len(text) <= _SHOWN_CHARACTERS else f"{quoted}… ({digest})"


def identify(key: Mapping[str, Cell], encoding: str) -> dict[str, str]:
    """The identity fields of a difference, out of the key columns of its row."""
    plain = {name.lower(): _plain(cell, encoding) for name, cell in key.items()}
    named = {name: str(plain.pop(name)) for name in IDENTITY if name in plain}
    return named | ({"key": orjson.dumps(plain).decode()} if plain else {})


def _plain(cell: Cell, encoding: str) -> int | float | str | None:
    """A key value for JSON; bytes that are no text are shown in hexadecimal."""
    if not isinstance(cell.value, bytes):
        return cell.value
    return cell.value.decode(encoding, "replace") if cell.storage == "text" else f"x'{cell.value.hex()}'"
