"""What other programs put into a file beside the turns, some of it unreadable for the SQLite library of these tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

SEARCH = {
    "plain fts5": ("CREATE VIRTUAL TABLE notes USING fts5(body)", "INSERT INTO notes VALUES ('a planner')"),
    "fts5 over the turns": (
        "CREATE VIRTUAL TABLE notes USING fts5(turn_metadata_json, content='turns')",
        "INSERT INTO notes(notes) VALUES ('rebuild')",
    ),
    "fts4": ("CREATE VIRTUAL TABLE notes USING fts4(body)", "INSERT INTO notes VALUES ('a planner')"),
    "fts3": ("CREATE VIRTUAL TABLE notes USING fts3(body)", "INSERT INTO notes VALUES ('a planner')"),
    "rtree": ("CREATE VIRTUAL TABLE boxes USING rtree(id, low, high)", "INSERT INTO boxes VALUES (1, 0.5, 2.5)"),
    "analyze": ("ANALYZE",),
}  # fmt: skip
"""Statements that make tables of kinds SQLite here knows, by what they are called."""

_ADDED = "INSERT INTO notes(rowid, turn_metadata_json) VALUES (new.rowid, new.turn_metadata_json);"
_TAKEN = "INSERT INTO notes(notes, rowid, turn_metadata_json) VALUES ('delete', old.rowid, old.turn_metadata_json);"
FED_SEARCH = (
    *SEARCH["fts5 over the turns"],
    f"CREATE TRIGGER notes_ai AFTER INSERT ON turns BEGIN {_ADDED} END",
    f"CREATE TRIGGER notes_ad AFTER DELETE ON turns BEGIN {_TAKEN} END",
    f"CREATE TRIGGER notes_au AFTER UPDATE ON turns BEGIN {_TAKEN} {_ADDED} END",
)
"""A search over the turns as SQLite's own documentation of FTS5 makes it, with the three triggers that feed it."""


def add_module(connection: sqlite3.Connection) -> None:
    """What the extension sqlite-vec leaves: a virtual table, and an ordinary one in which it keeps its rows."""
    connection.execute("CREATE TABLE vectors_rowids (rowid INTEGER PRIMARY KEY, id)")
    connection.execute("INSERT INTO vectors_rowids VALUES (1, 'first')")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "INSERT INTO sqlite_master VALUES ('table', 'vectors', 'vectors', 0,"
        " 'CREATE VIRTUAL TABLE vectors USING vec0(embedding float[4])')"
    )


def add_tokenizer(connection: sqlite3.Connection) -> None:
    """A full-text table with a tokenizer of its own program, beside one that anybody can read."""
    connection.execute("CREATE VIRTUAL TABLE plain USING fts5(body)")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "INSERT INTO sqlite_master VALUES ('table', 'words', 'words', 0,"
        " 'CREATE VIRTUAL TABLE words USING fts5(body, tokenize=jieba)')"
    )


def add_collation(connection: sqlite3.Connection) -> None:
    """As builds with ICU and telephones have them: here it sorts backwards, so that any other order is a wrong one."""
    connection.create_collation("icu_root", lambda left, right: (right > left) - (right < left))
    connection.execute("CREATE TABLE people (name TEXT COLLATE icu_root PRIMARY KEY, note TEXT)")
    connection.execute("CREATE TABLE places (name TEXT COLLATE icu_root PRIMARY KEY, note TEXT) WITHOUT ROWID")
    for table in ("people", "places"):
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(f"name {n:02}", str(n)) for n in range(40)])


def add_function(connection: sqlite3.Connection) -> None:
    """A function of the application in an index, in a generated column and in a CHECK."""
    connection.create_function("fold", 1, str.lower, deterministic=True)
    connection.execute("CREATE TABLE people (name TEXT CHECK (fold(name) <> ''), folded TEXT AS (fold(name)))")
    connection.execute("CREATE INDEX people_by_fold ON people (fold(name))")
    connection.executemany("INSERT INTO people VALUES (?)", [(f"Name {n:02}",) for n in range(40)])


UNREADABLE: dict[str, tuple[Callable[[sqlite3.Connection], None], str]] = {
    "module": (add_module, "vectors needs the module vec0"),
    "tokenizer": (add_tokenizer, "words needs"),
    "collation": (add_collation, "people needs the collation icu_root"),
    "function": (add_function, "people needs the function fold"),
}
"""What SQLite here cannot read: who makes it, and how the warning about it begins."""


def run_elsewhere(path: Path, make: Callable[[sqlite3.Connection], None] | tuple[str, ...]) -> Path:
    """Let the standard library's SQLite change a file; nothing of ours may have it open."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            if callable(make):
                make(connection)
            else:
                for statement in make:
                    connection.execute(statement)
    finally:
        connection.close()
    return path
