"""SQLite's own checks of a file, also where it has tables that the library here does not know.

Then SQLite refuses the whole check for the sake of one index. So what is not known gets a stand-in, all pages are gone
through, and only what needs the real thing (whether an index has the order of an unknown collation) is left out.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

import apsw

from store.migration.inspection.neighbours import module_of, read_neighbours, standing_in
from store.sqlite.database import quote_identifier

_FUNCTION = re.compile(r"(?:unknown|no such) function: ([^()]+)")
_ALL = 2**31 - 1
# What these say depends on collations and functions; everything else is about pages and cells.
_BY_ORDER = (" index {}", "PRIMARY KEY order for {}", "CHECK constraint failed in {}")


_UNKNOWN_TYPES = """
SELECT name, CAST(type AS TEXT) FROM sqlite_schema
WHERE type IS NULL OR type NOT IN ('table', 'index', 'view', 'trigger') LIMIT 1
"""


def complaints(connection: apsw.Connection, *, quick: bool = False, most: int = 20, table: str = "") -> list[str]:
    """What SQLite's integrity check, or its quick check, finds of a file or one table of it; empty where it is sound.

    Tables with their own check (full-text search, R*Tree) go through it. A connection on which something had to stand
    in for a module no longer knows that module.

    Raises
    ------
    apsw.CorruptError
        The damage stops the check itself.
    """
    pragma = "quick_check" if quick else "integrity_check"
    try:
        return list(islice(_lines(connection, f"{pragma}({quote_identifier(table) if table else most})"), most))
    except apsw.CorruptError:
        raise
    except apsw.SQLError:
        return list(islice(_without_the_unknown(connection, pragma, table), most))


def unknown_objects(connection: apsw.Connection) -> str:
    """A complaint about an object that SQLite has no name for, '' if there is none.

    SQLite reads an index of its own by its name alone, whatever is written there for its type, and finds it sound.
    """
    types = connection.execute(_UNKNOWN_TYPES).get
    return f"sqlite_schema: {types[0]!r} is of the unknown type {types[1]!r}" if types else ""


def _lines(connection: apsw.Connection, pragma: str) -> Iterator[str]:
    return (str(line) for (line,) in connection.execute(f"PRAGMA {pragma}") if line != "ok")


def _without_the_unknown(connection: apsw.Connection, pragma: str, table: str) -> Iterator[str]:
    unknown = [each for each in read_neighbours(connection) if each.problem]
    left_out = tuple(_unanswerable(connection, [each.name for each in unknown]))
    for module in {each.module for each in unknown if each.module}:
        # Search tables of this module that can be read are asked now: afterwards nobody knows it.
        yield from _of_readable_tables(connection, pragma, module, {each.name for each in unknown})
        connection.create_module(module, cast("Any", _Nothing()))
    with standing_in(connection), contextlib.ExitStack() as functions:
        lines = lines_with_functions(connection, f"{pragma}({quote_identifier(table) if table else _ALL})", functions)
        yield from (line for line in lines if not line.endswith(left_out))


def lines_with_functions(connection: apsw.Connection, pragma: str, stack: contextlib.ExitStack) -> Iterator[str]:
    """The lines of a check, with a stand-in for one function after the other that SQLite asks for before it begins.

    The stand-ins last as long as the stack does.
    """
    known: set[str] = set()
    while True:
        try:
            return _lines(connection, pragma)
        except apsw.SQLError as error:
            name = _FUNCTION.search(str(error))
            if name is None or name[1] in known:
                raise
            known.add(name[1])
            stack.enter_context(_standing_in_for_function(connection, name[1]))


@contextlib.contextmanager
def _standing_in_for_function(connection: apsw.Connection, name: str) -> Iterator[None]:
    connection.create_scalar_function(name, lambda *_: None, deterministic=True, flags=apsw.SQLITE_INNOCUOUS)
    try:
        yield
    finally:
        with contextlib.suppress(apsw.BusyError):
            connection.create_scalar_function(name, None)


def _unanswerable(connection: apsw.Connection, tables: list[str]) -> Iterator[str]:
    """How lines end that say of a table, or of an index of it, what only the unknown could tell."""
    for table in tables:
        indexes = connection.execute("SELECT name FROM pragma_index_list(?)", (table,)).fetchall()
        yield from (_BY_ORDER[0].format(name) for (name,) in indexes)
        yield from (end.format(table) for end in _BY_ORDER[1:])


def _of_readable_tables(connection: apsw.Connection, pragma: str, module: str, unknown: set[str]) -> Iterator[str]:
    virtual = connection.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'table' AND NOT rootpage")
    for name, sql in virtual.fetchall():
        if name not in unknown and module_of(str(sql)) == module:
            yield from _lines(connection, f"{pragma}({quote_identifier(str(name))})")


class _Nothing:
    """A module of virtual tables that have one column and no rows."""

    def Connect(self, *_: Any) -> tuple[str, _Nothing]:  # noqa: N802  SQLite's names
        return "CREATE TABLE stand_in (value)", self

    Create = Connect

    def BestIndex(self, *_: Any) -> None:  # noqa: N802
        """SQLite asks for a plan only when rows are wanted, which nobody wants."""

    def Disconnect(self) -> None:  # noqa: N802
        """Nothing is held."""

    Destroy = Disconnect
