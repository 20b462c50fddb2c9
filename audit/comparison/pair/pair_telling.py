"""Rows and values of a table of which nothing is known: keys are shown, values are not unless somebody asks."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson

from audit.comparison.difference import Cell
from audit.sqlite.tokens import fold


@dataclass(frozen=True, slots=True)
class PairTelling:
    """How one table is told.

    ``codec`` is of its texts. ``opened`` has the folded names of columns whose values are shown, the key's among them;
    ``closed_keys`` tells even those by type, length and hash, and row numbers as they are.
    """

    codec: str
    opened: Collection[str]
    closed_keys: bool = False

    def tell(self, column: str, cell: Cell) -> str:
        """A value as a SQL literal where its column is opened, else its type, length and hash; NULL is NULL."""
        if cell.value is None:
            return "NULL"
        return literal(cell, self.codec) if fold(column) in self.opened else closed(cell)

    def identify(self, key: Mapping[str, Cell]) -> dict[str, str]:
        """The key as a JSON object, its columns called as they are declared."""
        shown = {name: self._key_value(name, cell) for name, cell in key.items()}
        return {"key": orjson.dumps(shown).decode()}

    def closes(self, name: str) -> bool:
        """Whether the values of a column are not even shown as those of a key."""
        return self.closed_keys and fold(name) not in self.opened and name != ROW_NUMBER

    def _key_value(self, name: str, cell: Cell) -> int | float | str | None:
        if self.closes(name):
            return "NULL" if cell.value is None else closed(cell)
        return _plain(cell, self.codec)


ROW_NUMBER = "rowid"
"""How the number of a row is called where a row has no key."""


def closed(cell: Cell) -> str:
    """Type, length and hash of a value: whoever has the value can find it, nobody else can read it here.

    >>> closed(Cell("integer", 42))
    'integer of 2 characters, sha256 73475cb40a568e8d'
    """
    value = cell.value
    written = value if isinstance(value, bytes) else repr(value).encode()
    unit = "bytes" if isinstance(value, bytes) else "characters"
    unit = unit.removesuffix("s") if len(written) == 1 else unit
    return f"{cell.storage} of {len(written)} {unit}, sha256 {hashlib.sha256(written).hexdigest()[:16]}"


def literal(cell: Cell, codec: str) -> str:
    """A value as SQLite would be told it, whole: ``5``, ``'5'`` and ``x'35'`` look different."""
    value = cell.value
    if not isinstance(value, bytes):
        return "NULL" if value is None else repr(value)
    text = _text(value, codec) if cell.storage == "text" else None
    return f"x'{value.hex()}'" if text is None else "'" + text.replace("'", "''") + "'"


def _plain(cell: Cell, codec: str) -> int | float | str | None:
    """A key value for JSON, which knows no infinity; bytes that are no text are shown in hexadecimal."""
    value = cell.value
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if not isinstance(value, bytes):
        return value
    text = _text(value, codec) if cell.storage == "text" else None
    return f"x'{value.hex()}'" if text is None else text


def _text(value: bytes, codec: str) -> str | None:
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        return None
