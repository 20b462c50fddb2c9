"""Tables of other programs for the files of the drill: search, R*Trees, vectors, an order that is not known here."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import apsw

NOTES = (
    "CREATE VIRTUAL TABLE notes USING fts5(body)",
    "INSERT INTO notes VALUES ('a note of the planner'), ('another note'), ('the inventory')",
)
"""Full-text search over documents of its own."""

_ADDED = "INSERT INTO notes(rowid, turn_metadata_json) VALUES (new.rowid, new.turn_metadata_json);"
_TAKEN = "INSERT INTO notes(notes, rowid, turn_metadata_json) VALUES ('delete', old.rowid, old.turn_metadata_json);"
FED_SEARCH = (
    "CREATE VIRTUAL TABLE notes USING fts5(turn_metadata_json, content='turns')",
    "INSERT INTO notes(notes) VALUES ('rebuild')",
    f"CREATE TRIGGER notes_ai AFTER INSERT ON turns BEGIN {_ADDED} END",
    f"CREATE TRIGGER notes_ad AFTER DELETE ON turns BEGIN {_TAKEN} END",
    f"CREATE TRIGGER notes_au AFTER UPDATE ON turns BEGIN {_TAKEN} {_ADDED} END",
)
"""Full-text search over the turns, with triggers that feed it."""

BOXES = ("CREATE VIRTUAL TABLE boxes USING rtree(id, low, high)", "INSERT INTO boxes VALUES (1, 0.5, 2.5)")

VECTORS = (
    "CREATE TABLE vec_rowids (rowid INTEGER PRIMARY KEY, id)",
    "INSERT INTO vec_rowids VALUES (1, 'first')",
    "PRAGMA writable_schema = ON",
    "INSERT INTO sqlite_schema VALUES ('table', 'vec', 'vec', 0, 'CREATE VIRTUAL TABLE vec USING vec0(e float[4])')",
)
"""What an extension for vectors leaves in a file."""

UNKNOWN_ORDER = (
    "CREATE TABLE people (name TEXT COLLATE backwards PRIMARY KEY, note TEXT) WITHOUT ROWID",
    "INSERT INTO people SELECT printf('name %02d', key), key FROM json_each('[0,0,0,0,0,0,0,0,0,0]')",
)
"""A table whose tree is kept in the order of a collation that only its own program has."""


def write_into(path: Path, statements: Iterable[str]) -> None:
    """Let the other program, which has its own collation, run statements on a file; it is closed again."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.create_collation("backwards", lambda left, right: (right > left) - (right < left))
        for statement in statements:
            connection.execute(statement).fetchall()
