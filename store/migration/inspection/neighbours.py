"""What else lies in a file beside the turns: search tables, and what the SQLite library here cannot read.

Other programs bring modules, collations and functions of their own. Nobody has to know them to add columns to turns and
to fill them; what would have to know them is named, and the rest is read.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from store.sqlite.database import quote_identifier

KNOWN_MODULES = {
    "fts3": "full-text search",
    "fts4": "full-text search",
    "fts5": "full-text search",
    "rtree": "R*Tree",
    "rtree_i32": "R*Tree",
    "geopoly": "R*Tree of polygons",
    "vec0": "vectors",
    "spellfix1": "spelling",
    "virtualspatialindex": "SpatiaLite",
    "virtualelementary": "SpatiaLite",
    "virtualknn": "SpatiaLite",
    "virtualknn2": "SpatiaLite",
}
"""Modules of virtual tables that are often found in files, and what they are for."""

_NAME = r"(?:\"[^\"]*(?:\"\"[^\"]*)*\"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\]|'[^']*(?:''[^']*)*'|[^\s(.\"'`\[]+)"
_MODULE = re.compile(
    rf"\s*CREATE\s+VIRTUAL\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}(?:\s*\.\s*{_NAME})?\s+USING\s+({_NAME})",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"no such (?P<what>module|collation sequence|tokenizer): (?P<name>.*)"
    r"|(?P<unknown>unknown tokenizer|unknown function|no such function): (?P<called>[^()]*)",
)
_WORDS = {
    "collation sequence": "collation",
    "unknown function": "function",
    "no such function": "function",
    "unknown tokenizer": "tokenizer",
}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One table that needs more than SQLite's core.

    `module` is the lower-cased module of a virtual table, ``''`` of an ordinary one; `problem` says what is not known
    here, ``''`` where SQLite can read it.
    """

    name: str
    module: str
    problem: str

    @property
    def told(self) -> str:
        """What is not looked at, and why."""
        what = "not looked at" if self.module else "its indexes are not looked at"
        return f"{self.name} needs {self.problem}, which SQLite here does not know: {what}"

    @property
    def purpose(self) -> str:
        """What a table of a known module is for, and the module."""
        return f"{KNOWN_MODULES.get(self.module, 'virtual table')} ({self.module})"


def read_neighbours(connection: apsw.Connection) -> tuple[Neighbour, ...]:
    """Every virtual table, and every ordinary one that SQLite here cannot read in full; reads no row of any."""
    found = []
    tables = "SELECT name, rootpage, sql FROM main.sqlite_schema WHERE type = 'table' ORDER BY name"
    for name, rootpage, sql in connection.execute(tables).fetchall():
        module = "" if rootpage else module_of(str(sql))
        problem = what_is_unknown(connection, str(name), is_virtual=not rootpage)
        if problem or not rootpage:
            found.append(Neighbour(str(name), module, problem))
    return tuple(found)


def what_is_unknown(connection: apsw.Connection, table: str, *, is_virtual: bool = False) -> str:
    """What a table needs that SQLite here does not know, in words; '' if nothing.

    Nothing is run: comparing a table with its indexes needs all collations and functions, and preparing that is enough
    to meet them.
    """
    name = quote_identifier(table)
    cursor = connection.cursor()
    try:
        cursor.execute(f"SELECT 1 FROM {name} LIMIT 0" if is_virtual else f"EXPLAIN PRAGMA integrity_check({name})")
    except apsw.SQLError as error:
        return in_words(error)
    finally:
        cursor.close(True)
    return ""


def in_words(error: apsw.Error) -> str:
    """What SQLite says is missing as ``the collation icu_root``; SQLite's own words where it says something else."""
    match = _ABSENT.search(str(error))
    if match is None:
        return f"something of its own program ({error})"
    what = match["what"] or match["unknown"]
    return f"the {_WORDS.get(what, what)} {match['name'] or match['called']}"


def module_of(sql: str) -> str:
    """The module of a virtual table, lower-cased, out of its definition; '' if it has none."""
    match = _MODULE.match(sql)
    return match[1].strip("\"`[]'").lower() if match else ""


@contextlib.contextmanager
def standing_in(connection: apsw.Connection) -> Iterator[None]:
    """Give every collation that is not known here an order, so that all rows of a table can be gone through.

    It is not the order in which an index keeps them: inside the block nothing may be looked up in such a table.
    """
    made: list[str] = []

    def stand_in(_: apsw.Connection, name: str) -> None:
        connection.create_collation(name, _by_code_point)
        made.append(name)

    connection.collation_needed(stand_in)
    try:
        yield
    finally:
        connection.collation_needed(None)
        for name in made:
            with contextlib.suppress(apsw.BusyError):  # a statement that was interrupted may still hold it
                connection.create_collation(name, None)


def _by_code_point(left: str, right: str) -> int:
    return (left > right) - (left < right)
