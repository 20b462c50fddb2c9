"""A table that both files of a pair are given, with values of all kinds: some pairs have no BLOB, others no time."""

from __future__ import annotations

import json
import math

import apsw

from benchmarks.detection.foreign.pair_data import TableData, read_rows

GIVEN = "given_values"
_DEFINITION = f"CREATE TABLE {GIVEN} (id INTEGER PRIMARY KEY AUTOINCREMENT, held, beside, noted)"
_VALUES: tuple[apsw.SQLiteValue, ...] = (
    5, 5.0, "5", "5.0", b"5", 0, 0.0, "", b"", None, "NULL", math.inf, -math.inf, 0.1, 1 / 3, 2**53 + 1, -7, 2**40,
    "Grüße aus Köln", "one word and others", "a" * 300, bytes(range(256)), "42", "true",
    json.dumps({"model": "planner", "usage": [1, 2]}), 1_700_000_000, 1_700_000_000_123, 1_700_000_001.5,
    "2024-03-31 01:59:59.123456", "2024-03-31T12:00:00",
)  # fmt: skip


def give(before: apsw.Connection, after: apsw.Connection) -> TableData:
    """Make it in both, or find it, where it was made."""
    count = len(_VALUES)
    for connection in (before, after):
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (GIVEN,)).fetchall():
            connection.execute(_DEFINITION)
            rows = ((value, _VALUES[(at + 7) % count], f"note {at}") for at, value in enumerate(_VALUES))
            connection.executemany(f"INSERT INTO {GIVEN} (held, beside, noted) VALUES (?, ?, ?)", rows)
    columns = ("id", "held", "beside", "noted")
    return TableData(GIVEN, columns, ("id",), "id", tuple(read_rows(after, GIVEN, columns)), ())
