"""Tries what no PRAGMA proves: a row that is inserted without the columns that metadata fills gets '' in them, as text.

Declared defaults, generated columns and triggers all take part in an INSERT. So the table and its triggers are made
again, empty, in a private database in memory, a row is inserted as a program would that does not know the columns,
and what it then holds is read back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import apsw

from audit.sqlite.attributed_column import COLUMN_NAMES

_SECONDS = 10.0
_VALUE_BYTES = 64 * 2**20
_STEPS = 50  # of SQLite's machine between two looks at the clock: one step may build a whole value
_INSERT = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) VALUES ('c', 's', 't', 1, 1)"
)


@dataclass(frozen=True, slots=True)
class ProbedDefault:
    """What one column holds after the insert; ``problem`` says why there is nothing to read."""

    column: str
    storage_class: str = ""
    value: str = ""
    problem: str = ""


def probe_defaults(statements: Sequence[str], others: Sequence[str] = ()) -> list[ProbedDefault]:
    """Run the table's own ``CREATE`` statements, insert a row, and read the columns; never raises for bad SQL.

    Parameters
    ----------
    others
        Statements that create the other tables, into which triggers may write; one that cannot be made here is left
        out.
    """
    connection = apsw.Connection(":memory:")
    # A trigger, a CHECK or a default may compute without end.
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, _VALUE_BYTES)
    connection.set_progress_handler(_is_over(time.monotonic() + _SECONDS), _STEPS)
    try:
        # Nothing is looked up in their order.
        connection.collation_needed(lambda _, name: connection.create_collation(name, _by_code_point))
        for statement in others:
            with suppress(apsw.Error):
                connection.execute(statement)
        for statement in statements:
            connection.execute(statement)
        connection.execute(_INSERT)
        return [_read(connection, column) for column in COLUMN_NAMES]
    except apsw.InterruptError:
        told = f"a row cannot be inserted within {_SECONDS:.0f} s: what the definitions compute does not end"
        return [ProbedDefault(column, problem=told) for column in COLUMN_NAMES]
    except apsw.Error as error:
        return [ProbedDefault(column, problem=str(error)) for column in COLUMN_NAMES]
    finally:
        connection.close()


def _is_over(end: float) -> Callable[[], bool]:
    return lambda: time.monotonic() >= end


def _by_code_point(left: str, right: str) -> int:
    return (left > right) - (left < right)


def _read(connection: apsw.Connection, column: str) -> ProbedDefault:
    # A missing column in double quotes would read as a text; in brackets it is an error.
    row = connection.execute(f"SELECT typeof([{column}]), CAST([{column}] AS TEXT) FROM turns").fetchone()
    if row is None:
        return ProbedDefault(column, problem="the inserted row is gone")
    return ProbedDefault(column, row[0], "NULL" if row[1] is None else row[1])
