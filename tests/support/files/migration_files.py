"""Small turn databases of every shape a file has had, for those of which there is no sample, and what tests look at."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import apsw
import pytest

from store.migration.filling.batches import BatchSize
from store.sqlite.database import open_database
from store.turns.attributed_column import ATTRIBUTED
from store.turns.schema import turn_schema_sql

Row = tuple[Any, ...]

_PAYLOAD_TABLE = """
CREATE TABLE {name} (
  conv_id TEXT NOT NULL,
  {session} TEXT NOT NULL,
  turn_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (conv_id, {session}, turn_id, phase, created_at_ms)
);
CREATE INDEX turns_by_conv ON {name}(conv_id, created_at_ms DESC);
CREATE INDEX turns_by_{word} ON {name}({session}, created_at_ms DESC);
CREATE INDEX turns_by_phase ON {name}(phase, created_at_ms DESC);
"""
_NEW_COLUMNS = "".join(f"  {column.name} TEXT NOT NULL DEFAULT '',\n" for column in ATTRIBUTED)
_INSERT_TURN = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, turn_data_json{more}) "
    "VALUES (?, ?, ?, ?, ?, '{{}}'{value})"
)


def payload(turn_id: str, runtime: str, text: str = "hello") -> str:
    """A payload text as the oldest programs wrote it."""
    return (
        f"id: {turn_id}\nblocks:\n    - id: {turn_id}-b1\n      kind: user\n      role: user\n      payload:\n"
        f"        text: {text}\nmetadata:\n    geppetto.inference_id@v1: inf-{turn_id}\n"
        f"    geppetto.runtime@v1: {runtime}\n"
    )


def texts(turns: int = 4, phases: tuple[str, ...] = ("pre_inference", "final")) -> list[Row]:
    """Rows of a payload table: every turn in several phases, runtimes switching in mid-conversation."""
    return [
        ("conv", "sess", f"turn-{n}", phase, 1_000 * n + at, payload(f"turn-{n}", "inventory" if n % 2 else "planner"))
        for n in range(1, turns + 1)
        for at, phase in enumerate(phases)
    ]


def write_payload_table(
    path: Path, name: str = "turns", session: str = "session_id", rows: list[Row] | None = None
) -> Path:
    """A file of one of the payload shapes."""
    connection = apsw.Connection(str(path))
    connection.pragma("synchronous", "off")
    word = "session" if session == "session_id" else "run"
    connection.execute(_PAYLOAD_TABLE.format(name=name, session=session, word=word))
    connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?)", texts() if rows is None else rows)
    connection.close()
    return path


def write_turns_beside_texts(path: Path, there: list[Any], other: Path) -> None:
    """Turns that lie beside the texts, with the blocks of another file, which one of the texts may have."""
    run_sql(path, turn_schema_sql())
    connection = apsw.Connection(str(path))
    connection.execute("ATTACH ? AS other", (str(other),))
    connection.execute("INSERT INTO main.blocks SELECT * FROM other.blocks")
    for turn_id, created, updated, metadata, has_snapshot in there:
        values = ("conv", "sess", turn_id, created, updated, metadata)
        connection.execute(
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
        if has_snapshot:
            connection.execute(
                "INSERT INTO turn_block_membership (conv_id, session_id, turn_id, phase, snapshot_created_at_ms, "
                "ordinal, block_id, content_hash) SELECT 'conv', 'sess', ?, 'final', ?, 0, block_id, content_hash "
                "FROM main.blocks",
                (turn_id, created),
            )
    connection.close()


def metadata_of(number: int) -> str:
    """Metadata of the n-th turn: a text, a map, a profile, an alias, none, damaged, in turns."""
    inference = {"geppetto.inference_id@v1": f"inf-{number}"}
    kinds: tuple[str, ...] = (
        json.dumps({**inference, "geppetto.runtime@v1": "inventory"}),
        json.dumps({**inference, "geppetto.runtime@v1": {"runtime_key": "planner", "profile.version": 2}}),
        json.dumps({**inference, "geppetto.runtime@v1": {"profile.slug": "planner"}}),
        json.dumps({"runtime": "writer", "inference_id": f"inf-{number}"}),
        json.dumps({"geppetto.session_id@v1": "sess"}),
        '{"geppetto.runtime@v1": ',
        json.dumps({**inference, "geppetto.runtime@v1": "r\u00e9sum\u00e9"}, ensure_ascii=False),
    )
    return kinds[number % len(kinds)]


def write_before_columns(path: Path, turns: int = 60, *, journal: str = "delete", updated: bool = True) -> Path:
    """A normalised file from before the filled columns; without `updated` from before `updated_at_ms` too."""
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", journal)
    connection.pragma("synchronous", "off")
    connection.execute("BEGIN")
    sql = turn_schema_sql().replace(_NEW_COLUMNS, "")
    statements = [part for part in sql.split(";") if not any(column.index in part for column in ATTRIBUTED)]
    if not updated:
        statements = [part.replace("  updated_at_ms INTEGER NOT NULL,\n", "") for part in statements]
        statements = [part for part in statements if "updated_at_ms" not in part]
    connection.execute(";".join(statements))
    insert = _INSERT_TURN.format(more=", updated_at_ms" if updated else "", value=", ?" if updated else "")
    rows = [("conv", "sess", f"turn-{n}", 1_000 + n, metadata_of(n)) for n in range(turns)]
    connection.executemany(insert, [(*row, row[3] if row[3] % 5 else 0) if updated else row for row in rows])
    connection.execute("INSERT INTO blocks SELECT turn_id || '-b', 'hash', 'x', 'user', '', '{}', '{}', 1 FROM turns")
    connection.execute(
        "INSERT INTO turn_block_membership "
        "SELECT conv_id, session_id, turn_id, 'final', turn_created_at_ms, 0, turn_id || '-b', 'hash' FROM turns"
    )
    connection.execute("COMMIT")
    connection.close()
    return path


def query(path: Path, sql: str, *values: object) -> list[Row]:
    """Rows of a query through a connection of its own, opened for reading; leaves no side files."""
    connection = open_database(path, read_only=True)
    try:
        return [tuple(row) for row in connection.execute(sql, values)]
    finally:
        connection.close()


def run_sql(path: Path, *statements: str) -> None:
    """Run statements, each committed by itself."""
    connection = apsw.Connection(str(path))
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()


def content(path: Path) -> dict[str, list[Row]]:
    """Everything a migration must leave as it is, and what it fills: rows of the three tables, keys first."""
    cells = (
        "conv_id, session_id, turn_id, turn_created_at_ms, CAST(turn_metadata_json AS BLOB), turn_data_json, "
        "runtime_key, inference_id, updated_at_ms"
    )
    return {
        "turns": query(path, f"SELECT {cells} FROM turns ORDER BY 1, 2, 3"),
        "blocks": query(path, "SELECT * FROM blocks ORDER BY 1, 2"),
        "members": query(path, "SELECT * FROM turn_block_membership ORDER BY 1, 2, 3, 4, 5, 6"),
    }


def old_content(path: Path) -> dict[str, list[Row]]:
    """The part of it that was there before the columns, but for the repaired time."""
    columns = "conv_id, session_id, turn_id, turn_created_at_ms, CAST(turn_metadata_json AS BLOB), turn_data_json"
    return {
        "turns": query(path, f"SELECT {columns} FROM turns ORDER BY 1, 2, 3"),
        "blocks": query(path, "SELECT * FROM blocks ORDER BY 1, 2"),
        "members": query(path, "SELECT * FROM turn_block_membership ORDER BY 1, 2, 3, 4, 5, 6"),
    }


def sha256(path: Path) -> str:
    """Hash of the bytes of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fixed_batches(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let every batch have so many rows, however long it took, so that a small file takes several."""
    monkeypatch.setattr(BatchSize.__init__, "__defaults__", (rows, *(BatchSize.__init__.__defaults__ or ())[1:]))
    monkeypatch.setattr(BatchSize, "learn", lambda *_: None)


def forge_object_type(path: Path) -> Path:
    """Give an index of SQLite's own a type that there is not; SQLite takes it by its name and finds the file sound."""
    change = "UPDATE sqlite_schema SET type = 'i?dex' WHERE name = 'sqlite_autoindex_turns_1'"
    run_sql(path, "PRAGMA writable_schema = ON", change)
    return path
