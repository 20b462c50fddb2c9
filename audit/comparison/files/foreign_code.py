"""Expressions that a file brings along, and limits of time and size where an examination runs them.

Generated columns and indexes can make SQLite compute something for every row: 300 MB a row are a few characters of a
definition. A table without such expressions has no limit, whatever its size. CHECK constraints are not run on files
that are opened for reading only.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from audit.comparison.files.tables import quote_identifier
from audit.comparison.files.unknown import stand_in_for_collations, with_functions

VALUE_BYTES = 64 * 2**20
"""The longest value that such a table may make or hold while its expressions are run."""

LEAST_SECONDS = 10.0
BYTES_PER_SECOND = 2**20
"""So much of a file is given a second: a slow disk reads more, so that honest expressions end in time."""

_TIMES_STORED = 4
_STEPS = 50  # of SQLite's machine between two looks at the clock: one step may build a whole value
_CONTENT = re.compile(r"\bcontent\b", re.IGNORECASE)
_TABLES = "SELECT name, coalesce(sql, ''), rootpage FROM main.sqlite_schema WHERE type = 'table' ORDER BY name"
_COMPUTED = """
SELECT 1 FROM pragma_table_xinfo(?1) WHERE hidden IN (2, 3)
UNION ALL SELECT 1 FROM pragma_index_list(?1) AS listed
WHERE partial OR EXISTS (SELECT 1 FROM pragma_index_xinfo(listed.name) WHERE cid = -2) LIMIT 1"""
_STORED = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid"


class _UsedUpError(Exception):
    """There is no time left."""


@contextlib.contextmanager
def limits(
    connection: apsw.Connection, seconds: float, value_bytes: int = VALUE_BYTES, steps: int = _STEPS
) -> Iterator[None]:
    """Stop what the block runs through the connection after so many seconds, or at a longer value.

    ``steps`` is how many steps of SQLite's machine lie between two looks at the clock.

    Raises
    ------
    apsw.Error
        It was stopped: ``TooBigError`` at a value, ``InterruptError`` by time.
    """
    end = time.monotonic() + seconds
    before = connection.limit(apsw.SQLITE_LIMIT_LENGTH, value_bytes)
    connection.set_progress_handler(_go_on_until(end), steps)
    try:
        yield
    except _UsedUpError as error:
        raise apsw.InterruptError(f"it takes longer than {seconds:,.0f} s") from error
    finally:
        connection.set_progress_handler(None)
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, before)


def endless_tables(connection: apsw.Connection, path: Path, pragma: str) -> dict[str, str]:
    """The tables whose expressions go beyond the limits when a check runs them, each with the limit in words.

    All of a file together have so many seconds as its size allows.
    """
    found: dict[str, str] = {}
    end = time.monotonic() + LEAST_SECONDS + path.stat().st_size / BYTES_PER_SECOND
    for name, sql, rootpage in connection.execute(_TABLES).fetchall():
        if not (connection.execute(_COMPUTED, (name,)).fetchone() if rootpage else _CONTENT.search(str(sql))):
            continue
        if limit := _limit_met(connection, str(name), pragma, lambda: max(0.0, end - time.monotonic())):
            found[str(name)] = limit
    return found


def _limit_met(connection: apsw.Connection, table: str, pragma: str, left: Callable[[], float]) -> str:
    """Which limit the expressions of a table meet, in words; '' if none."""
    longest = VALUE_BYTES
    try:
        try:
            _run(connection, table, pragma, left(), longest)
        except apsw.TooBigError:
            # It may be what somebody stored, which is as long as it is.
            longest = max(VALUE_BYTES, _TIMES_STORED * _longest_stored(connection, table))
            _run(connection, table, pragma, left(), longest)
    except apsw.TooBigError:
        return f"makes values of more than {longest // 2**20:,} MiB"
    except apsw.InterruptError:
        return "takes longer than such expressions may in a file of this size"
    return ""


def _run(connection: apsw.Connection, table: str, pragma: str, seconds: float, value_bytes: int) -> None:
    check = f"PRAGMA {pragma}({quote_identifier(table)})"
    stand_in_for_collations(connection)
    # Damage, and what is not known here, is told by those who look for it.
    with limits(connection, seconds, value_bytes), contextlib.suppress(apsw.CorruptError, apsw.SQLError):
        for _ in with_functions(connection, lambda: connection.execute(check)):
            pass


def _longest_stored(connection: apsw.Connection, table: str) -> int:
    """The bytes of the longest cell that lies in the file; their lengths alone are read."""
    names = [quote_identifier(str(name)) for (name,) in connection.execute(_STORED, (table,))]
    with contextlib.suppress(apsw.CorruptError, apsw.SQLError):
        lengths = ", ".join(f"coalesce(max(octet_length({name})), 0)" for name in names)
        return int(connection.execute(f"SELECT max({lengths}, 0) FROM {quote_identifier(table)}").get)
    return 0


def _go_on_until(end: float) -> Callable[[], bool]:
    def is_over() -> bool:
        if time.monotonic() >= end:
            raise _UsedUpError
        return False

    return is_over
