"""SQLite files for the tests of the audit; every connection is closed before the audit sees the file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

TURNS_DDL = (
    "CREATE TABLE turns (conv_id TEXT NOT NULL, session_id TEXT NOT NULL, turn_id TEXT NOT NULL,"
    " turn_created_at_ms INTEGER NOT NULL, turn_metadata_json TEXT NOT NULL DEFAULT '{}',"
    " turn_data_json TEXT NOT NULL DEFAULT '{}', runtime_key TEXT NOT NULL DEFAULT '',"
    " inference_id TEXT NOT NULL DEFAULT '', updated_at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (conv_id, session_id, turn_id))"
)
INSERT_TURN = "INSERT INTO turns VALUES (?, 's', ?, ?, '{}', '{}', 'inventory', 'inf', ?)"

GIVE_UP_RIGHTS = "import os, sys; os.geteuid() == 0 and os.setuid(65534)"
"""For a child: permissions do not bind the superuser, so it becomes nobody; imports come before that."""


def run_sql(path: Path, *statements: str) -> None:
    """Run statements in a connection that is closed again; the file is created if need be."""
    connection = apsw.Connection(str(path))
    try:
        for statement in statements:
            connection.execute(statement).fetchall()
    finally:
        connection.close()


def make_turns(path: Path, turns: int = 3, *, wal: bool = False, page_size: int = 4096) -> Path:
    """A file with the target table and some turns in one conversation; a WAL file is closed cleanly."""
    run_sql(
        path,
        f"PRAGMA page_size = {page_size}",
        "PRAGMA journal_mode = WAL" if wal else "PRAGMA journal_mode = DELETE",
        TURNS_DDL,
    )
    connection = apsw.Connection(str(path))
    try:
        with connection:
            connection.executemany(INSERT_TURN, [("c", f"t{n}", 1000 + n, 1000 + n) for n in range(turns)])
    finally:
        connection.close()
    return path


def make_bad_inputs(folder: Path) -> dict[str, Path]:
    """Name to path of files that no audit can use in any role; the last one does not exist."""
    whole = make_turns(folder / "whole.db", turns=300).read_bytes()
    contents = {
        "empty.db": b"",
        "text.db": b"hello, world" * 50,
        "encrypted.db": os.urandom(8192),
        "truncated.db": whole[: len(whole) // 2],
        "header only.db": whole[:50],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    run_sql(folder / "other shape.db", "CREATE TABLE turns (id INTEGER)")
    run_sql(folder / "no tables.db", "CREATE TABLE t (n)", "DROP TABLE t")
    (folder / "directory.db").mkdir()
    return {name: folder / name for name in (*contents, "other shape.db", "no tables.db", "directory.db", "missing.db")}


def in_child(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python source in a process of its own and wait for it."""
    command = [sys.executable, "-c", source, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def child(source: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start Python source in a process of its own, wait for its first line, and kill it at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", source, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        try:
            yield process
        finally:
            process.kill()
