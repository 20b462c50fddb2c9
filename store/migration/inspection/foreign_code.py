"""Expressions that a file brings along, and limits of time and size wherever looking at a table runs them.

Constraints, generated columns and indexes can make SQLite compute something for every row: 300 MB a row are a few
characters of a definition. A table without such expressions has no limit, whatever its size.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import apsw

from store.errors import DatabaseFileError
from store.migration.inspection.disk import bytes_needed
from store.migration.inspection.integrity import lines_with_functions
from store.migration.inspection.neighbours import standing_in
from store.sqlite.database import quote_identifier

VALUE_BYTES = 64 * 2**20
"""The longest value that a table with expressions of its own may make or hold while they are run."""

LEAST_SECONDS = 10.0
BYTES_PER_SECOND = 2**20
"""So much of a file is given a second: a slow disk reads more, so that honest expressions end in time."""

_STEPS = 50  # of SQLite's machine between two looks at the clock: one step may build a whole value
_TIMES_STORED = 4
_BUSY_TIMEOUT_MS = 10_000
_MOST_TOLD = 3
_CHECK = re.compile(r"\bCHECK\b", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\b", re.IGNORECASE)
_STORED = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid"
_GENERATED = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (2, 3) ORDER BY cid"
_INDEXES = """
SELECT name FROM pragma_index_list(?) AS listed
WHERE partial OR EXISTS (SELECT 1 FROM pragma_index_xinfo(listed.name) WHERE cid = -2) ORDER BY seq"""


class ForeignCodeError(DatabaseFileError):
    """Expressions in the definition of ``table`` compute longer, or make longer values, than is allowed them.

    Nothing was changed.
    """

    def __init__(self, path: object, table: str, expressions: str, limit: str) -> None:
        self.table = table
        super().__init__(
            path,
            f"{table} cannot be looked at: what its definition computes ({expressions}) {limit}; nothing was changed",
            "See who made that, and drop it if nobody needs it",
        )


@dataclass(slots=True)
class Allowance:
    """How long all expressions of a file together may still compute, in seconds; looking at one table takes of it."""

    path: str
    seconds: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is used up yet."""
        self.left = self.seconds

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Allowance:
        """That of a file of this size."""
        return cls(os.fspath(path), LEAST_SECONDS + bytes_needed(path) / BYTES_PER_SECOND)

    @contextlib.contextmanager
    def limits(self, connection: apsw.Connection, table: str, expressions: str, value_bytes: int) -> Iterator[None]:
        """Stop what the block runs through the connection when the time is used up, or a value is too long.

        Raises
        ------
        ForeignCodeError
            The time is used up.
        apsw.TooBigError
            A value is longer than `value_bytes`.
        """
        began = time.monotonic()
        before = connection.limit(apsw.SQLITE_LIMIT_LENGTH, value_bytes)
        connection.set_progress_handler(partial(_go_on_until, began + self.left), _STEPS, id=self)
        try:
            yield
        except _UsedUpError as error:
            told = f"takes longer than the {self.seconds:,.0f} s that those of a file of this size have together"
            raise ForeignCodeError(self.path, table, expressions, told) from error
        finally:
            connection.set_progress_handler(None, id=self)
            connection.limit(apsw.SQLITE_LIMIT_LENGTH, before)
            self.left = max(0.0, self.left - (time.monotonic() - began))

    def run(self, connection: apsw.Connection, table: str, expressions: str, pragma: str) -> None:
        """Run the expressions of one table over all its rows by a check; what the check says is left to others.

        Raises
        ------
        ForeignCodeError
            They do not end in time, or make too long a value.
        """
        longest = VALUE_BYTES
        try:
            with self.limits(connection, table, expressions, longest):
                _run(connection, table, pragma)
        except apsw.TooBigError:
            # It may be what somebody stored, which is as long as it is.
            longest = max(VALUE_BYTES, _TIMES_STORED * _longest_stored(connection, table))
            try:
                with self.limits(connection, table, expressions, longest):
                    _run(connection, table, pragma)
            except apsw.TooBigError as error:
                told = f"makes values of more than {longest // 2**20:,} MiB"
                raise ForeignCodeError(self.path, table, expressions, told) from error


class _UsedUpError(Exception):
    """There is no time left."""


def _go_on_until(end: float) -> bool:
    if time.monotonic() >= end:
        raise _UsedUpError
    return False


def _run(connection: apsw.Connection, table: str, pragma: str) -> None:
    # Damage, and what is not known here, is told by those who look for it.
    with (
        contextlib.suppress(apsw.CorruptError, apsw.SQLError),
        standing_in(connection),
        contextlib.ExitStack() as functions,
    ):
        for _ in lines_with_functions(connection, f"{pragma}({quote_identifier(table)})", functions):
            pass


def _longest_stored(connection: apsw.Connection, table: str) -> int:
    """The bytes of the longest cell that lies in the file; their lengths alone are read."""
    names = [quote_identifier(str(name)) for (name,) in connection.execute(_STORED, (table,))]
    with contextlib.suppress(apsw.CorruptError, apsw.SQLError):
        lengths = ", ".join(f"coalesce(max(octet_length({name})), 0)" for name in names)
        found = connection.execute(f"SELECT max({lengths}, 0) FROM {quote_identifier(table)}").get
        return int(found)
    return 0


def tables_with_code(connection: apsw.Connection) -> dict[str, str]:
    """The tables whose definitions make SQLite compute something when it checks them, and what of them does.

    Only definitions are read, and nothing of them is run. A name or text that says CHECK counts as well: then a table
    has a limit that needs none. A search that keeps its texts elsewhere may read a view.
    """
    tables = "SELECT name, coalesce(sql, ''), rootpage FROM main.sqlite_schema WHERE type = 'table' ORDER BY name"
    found = {}
    for name, sql, rootpage in connection.execute(tables).fetchall():
        words = _expressions(connection, str(name), str(sql)) if rootpage else _views(str(sql))
        if words:
            found[str(name)] = " and ".join(words) if len(words) <= _MOST_TOLD else f"{len(words)} expressions of it"
    return found


def _expressions(connection: apsw.Connection, table: str, sql: str) -> list[str]:
    words = [f"its generated column {column}" for (column,) in connection.execute(_GENERATED, (table,))]
    words += [f"its index {index}" for (index,) in connection.execute(_INDEXES, (table,))]
    return words + (["its CHECK constraints"] if _CHECK.search(sql) else [])


def _views(sql: str) -> list[str]:
    return ["what it searches"] if _CONTENT.search(sql) else []


def endless_tables(connection: apsw.Connection, pragma: str = "integrity_check") -> dict[str, ForeignCodeError]:
    """The tables whose expressions do not end within the limits, with what is to be told of each."""
    found = {}
    allowance = None
    for table, expressions in tables_with_code(connection).items():
        allowance = allowance or Allowance.of(connection.filename)
        try:
            allowance.run(connection, table, expressions, pragma)
        except ForeignCodeError as error:
            found[table] = error
    return found


def refuse_endless_code(connection: apsw.Connection, *, whole: tuple[str, ...] = ()) -> None:
    """Run the expressions of every table as SQLite's checks do, within limits, before anything else runs them.

    Parameters
    ----------
    whole
        Tables that are written to, by lower-cased name: what their indexes compute is run as well.

    Raises
    ------
    ForeignCodeError
        Those of a table do not end in time, or make too long a value.
    """
    allowance = None
    for table, expressions in tables_with_code(connection).items():
        allowance = allowance or Allowance.of(connection.filename)
        if table.lower() not in whole:
            allowance.run(connection, table, expressions, "quick_check")
            continue
        allowance.run(connection, table, expressions, "integrity_check")
        with _checking_constraints(connection) as other:
            allowance.run(other, table, expressions, "quick_check")


@contextlib.contextmanager
def _checking_constraints(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    """A connection that runs CHECK constraints, as one that writes rows does, and writes nothing.

    SQLite leaves them out of a file that it opened for reading only.
    """
    if not connection.readonly("main") or not os.access(connection.filename, os.W_OK):
        yield connection
        return
    with contextlib.closing(apsw.Connection(connection.filename, flags=apsw.SQLITE_OPEN_READWRITE)) as other:
        other.pragma("query_only", True)
        other.set_busy_timeout(_BUSY_TIMEOUT_MS)
        other.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        yield other
