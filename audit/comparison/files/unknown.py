"""What a file needs that the SQLite library here does not know: modules, collations and functions of other programs.

All rows can be read without them. So they get stand-ins, and only what depends on the real thing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

import apsw

from audit.comparison.files.error_words import without_values
from audit.comparison.files.tables import quote_identifier
from audit.sqlite.virtual_tables import module_of

_ABSENT = re.compile(
    r"(?:no such (?P<what>module|collation sequence|tokenizer)|(?P<other>unknown tokenizer"
    r"|(?:unknown|no such) function)): (?P<name>[^()]*)|vtable constructor failed"
)
_FUNCTION = re.compile(r"(?:unknown|no such) function: ([^()]+)")
_WORDS = {"collation sequence": "collation"}
_Found = TypeVar("_Found")


def is_unknown(error: apsw.Error) -> bool:
    """Whether SQLite refused something because it does not know a part of it, and not because of damage."""
    return isinstance(error, apsw.SQLError) and _ABSENT.match(str(error)) is not None


def in_words(error: apsw.Error) -> str:
    """What is not known here, such as ``the collation icu_root``."""
    match = _ABSENT.match(str(error))
    if match is None or not match["name"]:
        return f"something of its own program ({without_values(error)})"
    what = match["what"] or match["other"].split()[-1]
    return f"the {_WORDS.get(what, what)} {match['name']}"


def unknown_tables(connection: apsw.Connection) -> dict[str, tuple[str, str]]:
    """The tables of the main database that cannot be read in full: the module, '' for an ordinary one, and why.

    Nothing is run: preparing a comparison of a table with its indexes meets whatever is not known.
    """
    found = {}
    for name, module in tables_and_modules(connection):
        quoted = quote_identifier(name)
        sql = f"SELECT 1 FROM {quoted} LIMIT 0" if module else f"EXPLAIN PRAGMA integrity_check({quoted})"
        cursor = connection.cursor()
        try:
            cursor.execute(sql)
        except apsw.SQLError as error:
            found[name] = module, in_words(error)
        finally:
            cursor.close(True)
    return found


def tables_and_modules(connection: apsw.Connection) -> list[tuple[str, str]]:
    """Every table of the main database with its module, '' for an ordinary one."""
    rows = connection.execute("SELECT name, rootpage, sql FROM main.sqlite_schema WHERE type = 'table' ORDER BY name")
    return [(str(name), "" if rootpage else module_of(str(sql)) or "?") for name, rootpage, sql in rows.fetchall()]


def stand_in_for_collations(connection: apsw.Connection) -> None:
    """Let every collation that is not known be an order by code points.

    It need not be the order in which an index keeps its texts: nothing may be looked up there afterwards.
    """
    connection.collation_needed(lambda _, name: connection.create_collation(name, _by_code_point))


def stand_in_for_module(connection: apsw.Connection, module: str) -> None:
    """Let every table of a module have no rows; the connection no longer knows the real one."""
    connection.create_module(module, cast("Any", _Empty()))


def with_functions(connection: apsw.Connection, call: Callable[[], _Found]) -> _Found:
    """What a call returns, with a function that says NULL for each one that SQLite asks for before it begins."""
    known: set[str] = set()
    while True:
        try:
            return call()
        except apsw.SQLError as error:
            name = _FUNCTION.search(str(error))
            if name is None or name[1] in known:
                raise
            known.add(name[1])
            connection.create_scalar_function(name[1], lambda *_: None, deterministic=True, flags=apsw.SQLITE_INNOCUOUS)


def _by_code_point(left: str, right: str) -> int:
    return (left > right) - (left < right)


class _Empty:
    """A module of virtual tables that have one column and no rows."""

    def Connect(self, *_: Any) -> tuple[str, _Empty]:  # noqa: N802  SQLite's names
        return "CREATE TABLE stand_in (value)", self

    Create = Connect

    def BestIndex(self, *_: Any) -> None:  # noqa: N802
        """SQLite asks for a plan only when rows are wanted, which nobody wants."""

    def Disconnect(self) -> None:  # noqa: N802
        """Nothing is held."""

    Destroy = Disconnect
