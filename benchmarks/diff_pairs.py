"""Pairs of files to compare, made in bulk: the same files for the same number of rows.

One table of six columns: events with a time, a kind, an amount, a customer (NULL in every tenth) and a note. Pairs:

``numbers``
    Rows are found by their number; nothing differs.
``kept``
    Rows are found by a text key without an order, such as a UUID, as all have another number; they lie in the same
    order. Nothing differs.
``shuffled``
    The same, in any order.
``ascending``
    As ``kept``, but rows lie in the order of their keys, which is what SQLite needs to merge both tables.
``few``
    Rows have numbers; ten differ: three are gone, three have changed, four are new.
``fine``
    Two thousand rows, and every way in which a value or a schema can differ that tools are known to miss.
``claims``
    Messages as JSON, of which each names a model; after, the name is in a column too, which a contract claims.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

PAIRS = ("numbers", "kept", "shuffled", "ascending", "few", "fine", "claims")
TABLE = "events"
CONTRACT = "contract.toml"
_CONTRACT = """name = "every message has its model in a column"

[rows.messages.columns]
model_id = "message ->> '$.model'"

[changes]
new = ["messages.model_id"]
"""
BEFORE, AFTER = "before.db", "after.db"
FINE_ROWS = 2_000
_KINDS = ("created", "paid", "sent", "returned")
_COLUMNS = "at_ms INTEGER NOT NULL, kind TEXT NOT NULL, amount REAL, customer TEXT, note TEXT"
_NUMBERED = f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, {_COLUMNS})"
_KEYED = f"CREATE TABLE {TABLE} (id TEXT NOT NULL PRIMARY KEY, {_COLUMNS})"
_SETTINGS = "CREATE TABLE settings (name TEXT, state TEXT DEFAULT"
_LOOSE = f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, {_COLUMNS}, loose)"

Row = tuple[int | float | str | None, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """What was planted into a pair: the ids of rows."""

    lost: frozenset[int]
    changed: frozenset[int]
    new: frozenset[int]

    def to_json(self) -> dict[str, list[int]]:
        """As every arm says it."""
        return {"lost": sorted(self.lost), "changed": sorted(self.changed), "new": sorted(self.new)}


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that differs in the pair ``fine``: by which statements, and where.

    ``row`` is the id of the row in which it does; where that is 0, whoever tells it has to say ``word``.
    """

    said: str
    after: str
    row: int = 0
    before: str = ""
    word: str = ""


def _cell(said: str, row: int, column: str, before: str, after: str) -> Probe:
    first, then = (f"UPDATE {TABLE} SET {column} = {value} WHERE id = {row}" for value in (before, after))
    return Probe(said, then, row, first)


PROBES = (
    _cell("NULL is not ''", 201, "customer", "NULL", "''"),
    _cell("5 is not '5'", 202, "loose", "5", "'5'"),
    _cell("5 is not 5.0", 203, "loose", "5", "5.0"),
    _cell("'ab' is not x'6162'", 204, "loose", "'ab'", "x'6162'"),
    _cell("0.3 is not 0.1 + 0.2", 205, "amount", "0.3", "0.1 + 0.2"),
    Probe("an index is gone", "DROP INDEX events_by_kind", word="events_by_kind"),
    Probe("a default has changed", f"{_SETTINGS} 'closed')", before=f"{_SETTINGS} 'open')", word="settings"),
    Probe("user_version has changed", "PRAGMA user_version = 2", before="PRAGMA user_version = 1", word="user_version"),
)
"""What a tool may or may not tell, beside the rows that are gone, changed and new."""


def differences_of(rows: int) -> Differences:
    """The rows that differ in a pair of so many, at either end and between."""
    return Differences(
        lost=frozenset({1, rows // 2, rows - 1}),
        changed=frozenset({2, rows // 3, rows}),
        new=frozenset({rows + 1, rows + 2, rows + 3, rows + 4}),
    )


def write_pairs(folder: Path, rows: int, pairs: Iterable[str] = PAIRS) -> None:
    """Write pairs, each into a folder of its own."""
    for pair in pairs:
        (folder / pair).mkdir()
        _WRITERS[pair](folder / pair, rows)


def _write_numbers(folder: Path, rows: int) -> None:
    for name in (BEFORE, AFTER):
        _write(folder / name, _NUMBERED, _numbered(range(1, rows + 1)))


def _write_kept(folder: Path, rows: int) -> None:
    _write_moved(folder, rows, _scattered)


def _write_ascending(folder: Path, rows: int) -> None:
    _write_moved(folder, rows, "event-{:09d}".format)


def _write_moved(folder: Path, rows: int, key: Callable[[int], str]) -> None:
    _write(folder / BEFORE, _KEYED, _keyed(range(1, rows + 1), key))
    # One row that is gone again: all others have another number, as after a copy into a table that was not empty.
    _write(folder / AFTER, _KEYED, _keyed(range(rows + 1), key), [f"DELETE FROM {TABLE} WHERE rowid = 1"])


def _write_shuffled(folder: Path, rows: int) -> None:
    order = list(range(rows))
    _write(folder / BEFORE, _KEYED, _keyed(order, _scattered))
    random.Random(7).shuffle(order)
    _write(folder / AFTER, _KEYED, _keyed(order, _scattered))


def _write_few(folder: Path, rows: int) -> None:
    planted = differences_of(rows)
    _write(folder / BEFORE, _NUMBERED, _numbered(range(1, rows + 1)))
    _write(
        folder / AFTER,
        _NUMBERED,
        _numbered(number for number in range(1, rows + 5) if number not in planted.lost),
        [_change(planted.changed)],
    )


def _write_fine(folder: Path, rows: int) -> None:
    del rows
    planted = differences_of(FINE_ROWS)
    index = f"CREATE INDEX events_by_kind ON {TABLE} (kind)"
    before = [index, *(probe.before for probe in PROBES if probe.before)]
    after = [index, _change(planted.changed), *(probe.after for probe in PROBES)]
    kept = (number for number in range(1, FINE_ROWS + 5) if number not in planted.lost)
    _write(folder / BEFORE, _LOOSE, ((*row, None) for row in _numbered(range(1, FINE_ROWS + 1))), before)
    _write(folder / AFTER, _LOOSE, ((*row, None) for row in _numbered(kept)), after)


def _write_claims(folder: Path, rows: int) -> None:
    messages = "CREATE TABLE messages (id INTEGER PRIMARY KEY, message TEXT NOT NULL"
    _write(folder / BEFORE, f"{messages})", map(_message, range(1, rows + 1)))
    after = ((*_message(number), _model(number)) for number in range(1, rows + 1))
    _write(folder / AFTER, f"{messages}, model_id TEXT)", after)
    (folder / CONTRACT).write_text(_CONTRACT)


def _message(number: int) -> tuple[int, str]:
    usage = f'{{"input_tokens": {number * 31 % 4_000}, "output_tokens": {number * 7 % 900}}}'
    text = hashlib.sha256(b"%d" % number).hexdigest()
    return number, f'{{"role": "assistant", "text": "{text}", "usage": {usage}, "model": "{_model(number)}"}}'


def _model(number: int) -> str:
    return f"model-{number % 7}"


_WRITERS: dict[str, Callable[[Path, int], None]] = {
    "numbers": _write_numbers,
    "kept": _write_kept,
    "shuffled": _write_shuffled,
    "ascending": _write_ascending,
    "few": _write_few,
    "fine": _write_fine,
    "claims": _write_claims,
}


def _change(rows: Iterable[int]) -> str:
    return f"UPDATE {TABLE} SET note = note || '!' WHERE id IN ({', '.join(map(str, sorted(rows)))})"


def _numbered(numbers: Iterable[int]) -> Iterator[Row]:
    return ((number, *_values(number)) for number in numbers)


def _keyed(numbers: Iterable[int], key: Callable[[int], str]) -> Iterator[Row]:
    return ((key(number), *_values(number)) for number in numbers)


def _scattered(number: int) -> str:
    return hashlib.sha256(b"key %d" % number).hexdigest()[:32]


def _values(number: int) -> Row:
    customer = None if number % 10 == 0 else f"customer {number * 31 % 5_000}"
    note = hashlib.sha256(b"%d" % number).hexdigest()
    return 1_700_000_000_000 + number * 137, _KINDS[number % 4], number * 7_919 % 100_000 / 100, customer, note


def _write(path: Path, definition: str, rows: Iterable[Row], statements: Sequence[str] = ()) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("journal_mode", "off")
        connection.pragma("synchronous", "off")
        connection.pragma("cache_size", -200_000)
        connection.execute(definition)
        name, width = definition.split()[2], definition.count(",") + 1
        with connection:
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * width)})", rows)
        for statement in statements:
            connection.execute(statement)
