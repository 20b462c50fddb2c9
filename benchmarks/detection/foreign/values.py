"""Stored values with their types, read and written without a conversion, and keys as a finding tells them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

import apsw

Value = tuple[str, int | float | bytes | None]
"""A storage class as SQLite's ``typeof`` says it, and the value; a text is its bytes."""

NULL: Value = ("null", None)


def quoted(name: str) -> str:
    """A name as SQLite wants it in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def read_sql(columns: Iterable[str]) -> str:
    """What to select for these columns; `values_of` makes values of it."""
    names = [quoted(column) for column in columns]
    return ", ".join(f"typeof({name}), iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})" for name in names)


def values_of(row: Sequence[apsw.SQLiteValue]) -> list[Value]:
    """The values of a row that `read_sql` selected."""
    found: list[Value] = []
    for storage, value in zip(row[::2], row[1::2], strict=True):
        assert not isinstance(value, str)
        found.append((str(storage), value))
    return found


def write_sql(value: Value) -> str:
    """The expression by which a value is bound: a text comes as bytes, which need be no UTF-8."""
    return "CAST(? AS TEXT)" if value[0] == "text" else "?"


def text(words: str) -> Value:
    """A text as a value."""
    return "text", words.encode("utf-8", "surrogateescape")


def words_of(value: Value) -> str:
    """A text value as a Python text, whatever its bytes are."""
    assert isinstance(value[1], bytes)
    return value[1].decode("utf-8", "surrogateescape")


def told_key(names: Sequence[str], values: Sequence[Value]) -> str:
    """A key as ``turntruth diff`` tells it, its members in order of their names."""
    return json.dumps(dict(zip(names, map(_plain, values), strict=True)), sort_keys=True)


def ordered(key: str) -> str:
    """The key of a finding, its members in order of their names."""
    return json.dumps(json.loads(key), sort_keys=True) if key else ""


def _plain(value: Value) -> int | float | str | None:
    storage, stored = value
    if isinstance(stored, bytes):
        return stored.decode() if storage == "text" else f"x'{stored.hex()}'"
    return repr(stored) if isinstance(stored, float) and not math.isfinite(stored) else stored
