"""``python -m audit.comparison.examination FILE``: SQLite's own checks, where the file holds more than plain tables.

Search tables and R*Trees go through the checks of their modules. SQLite refuses a whole check for the sake of one index
whose collation it does not know: then stand-ins are used, all pages are gone through, and what only the real thing
could tell is left out. A table whose definition computes without end is left out too. Prints one JSON object:
``problems``, and ``unread`` with a sentence a table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import apsw
import orjson

from audit.comparison.files.foreign_code import endless_tables
from audit.comparison.files.opening import open_alone
from audit.comparison.files.tables import quote_identifier
from audit.comparison.files.unknown import (
    stand_in_for_collations,
    stand_in_for_module,
    tables_and_modules,
    unknown_tables,
    with_functions,
)
from audit.errors import AuditError

MOST_PROBLEMS = 100
_AUDITED = frozenset({"turns", "timeline_conversations"})
_ALL = 2**31 - 1
# What these say depends on collations and functions; everything else is about pages and cells.
_BY_ORDER = (" index {}", "PRIMARY KEY order for {}", "CHECK constraint failed in {}")


def examine(path: Path, *, full: bool, table: str = "") -> tuple[list[str], list[str]]:
    """What SQLite finds in a file, and what it could not look at.

    Parameters
    ----------
    full
        Compare every index of the file with its table, not only those of ``table``.

    Raises
    ------
    InputFileError
        The file cannot be opened.
    """
    with open_alone(path) as (connection, _):
        unknown = unknown_tables(connection)
        endless = endless_tables(connection, path, "integrity_check" if full or table else "quick_check")
        # What nobody looked at of a table that is audited is no detail.
        problems = [_beyond(name, why) for name, why in endless.items() if name.lower() in _AUDITED]
        try:
            found = _problems(connection, unknown, full=full, table=table)
            if endless:
                found = _of_other_tables(connection, {*unknown, *endless}, full=full)
            problems += islice(found, MOST_PROBLEMS)
        except apsw.CorruptError as error:
            problems.append(str(error))
        told = [_beyond(name, why) for name, why in endless.items() if name.lower() not in _AUDITED]
        return problems, [*(_told(name, *why) for name, why in unknown.items()), *told]


def _beyond(table: str, limit: str) -> str:
    return f"{table} is not looked at: what its definition computes {limit}"


def _of_other_tables(connection: apsw.Connection, left_out: set[str], *, full: bool) -> Iterator[str]:
    """What the check of each table alone says, where one of all would not end."""
    names = ["sqlite_schema", *(name for name, _ in tables_and_modules(connection) if name not in left_out)]
    for name in names:
        yield from _lines(connection, f"{'integrity_check' if full else 'quick_check'}({quote_identifier(name)})")


def _told(table: str, module: str, needed: str) -> str:
    what = "not looked at" if module else "its rows are, its indexes are not looked at"
    return f"{table} needs {needed}, which SQLite here does not know: {what}"


def _problems(
    connection: apsw.Connection, unknown: dict[str, tuple[str, str]], *, full: bool, table: str
) -> Iterator[str]:
    pragma = "integrity_check" if full else "quick_check"
    modules = {module for module, _ in unknown.values() if module}
    for name, module in tables_and_modules(connection):
        # Those that can be read are asked now: afterwards nobody knows their module.
        if module in modules and name not in unknown:
            yield from _lines(connection, f"{pragma}({quote_identifier(name)})")
    left_out = tuple(_unanswerable(connection, unknown))
    for module in modules:
        stand_in_for_module(connection, module)
    if unknown:
        stand_in_for_collations(connection)
    checks = [f"{pragma}({_ALL})", *([f"integrity_check({quote_identifier(table)})"] if table and not full else [])]
    for check in checks:
        lines = with_functions(connection, lambda check=check: _lines(connection, check))  # type: ignore[misc]
        yield from (line for line in lines if not (left_out and line.endswith(left_out)))


def _lines(connection: apsw.Connection, pragma: str) -> Iterator[str]:
    return (str(line) for (line,) in connection.execute(f"PRAGMA {pragma}") if line != "ok")


def _unanswerable(connection: apsw.Connection, tables: dict[str, tuple[str, str]]) -> Iterator[str]:
    """How lines end that say of a table, or of an index of it, what only the unknown could tell."""
    for table in tables:
        indexes = connection.execute("SELECT name FROM pragma_index_list(?)", (table,)).fetchall()
        yield from (_BY_ORDER[0].format(name) for (name,) in indexes)
        yield from (end.format(table) for end in _BY_ORDER[1:])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the arguments of the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m audit.comparison.examination", description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--full", action="store_true", help="compare every index with its table")
    parser.add_argument("--table", default="", help="a table whose indexes are compared with it in any case")
    given = parser.parse_args(arguments)
    try:
        problems, unread = examine(given.path, full=given.full, table=given.table)
    except AuditError as error:
        print(error, file=sys.stderr)  # noqa: T201  a program of its own: stderr is how it speaks
        return error.exit_code
    print(orjson.dumps({"problems": problems, "unread": unread}).decode())  # noqa: T201  its result
    return 0


if __name__ == "__main__":
    sys.exit(main())
