"""The script around a migration: what it copies, when it begins at all, and how it ends."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from support.migrations.conversations import CONVERSATIONS
from support.migrations.examples import SQL, Example
from support.migrations.gated_project import GatedProject

pytestmark = pytest.mark.elsewhere


@pytest.fixture
def sql(project: Callable[[Example], GatedProject]) -> GatedProject:
    return project(SQL)


def test_the_copy_has_what_still_lies_in_the_log(sql: GatedProject) -> None:
    with closing(sqlite3.connect(sql.database)) as service:
        service.execute("PRAGMA journal_mode = WAL")
        service.execute("INSERT INTO conversations (id, title) VALUES (100, 'said just now')")
        service.commit()
        assert b"said just now" not in sql.database.read_bytes()

        gated = sql.gate()

    assert (gated.code, gated.headline) == (0, "GO"), gated.output
    assert b"said just now" in sql.before.read_bytes()


def test_a_database_that_is_not_there_is_not_made(sql: GatedProject) -> None:
    sql.database.unlink()

    gated = sql.gate()

    assert gated.code == 2
    assert "usage: " in gated.output
    assert not sql.database.exists()


def test_an_earlier_copy_is_kept_and_nothing_is_migrated(sql: GatedProject) -> None:
    sql.before.write_bytes(b"of the day before")

    gated = sql.gate()

    assert gated.code == 2
    assert sql.before.read_bytes() == b"of the day before"
    assert sql.ask("PRAGMA user_version") == [(1,)]


def test_half_a_copy_is_not_left(sql: GatedProject) -> None:
    sql.database.write_bytes(b"no database" * 100)

    gated = sql.gate()

    assert gated.code == 4, gated.output
    assert not sql.before.exists()


def test_what_cannot_be_read_gives_no_verdict(sql: GatedProject) -> None:
    damage = Path(sql.folder, "damage.py")
    damage.write_text(
        "import subprocess\n"
        "subprocess.run(['sqlite3', '-bail', 'chat.db', '.read migrate.sql'], check=True)\n"
        "import sqlite3\n"
        "page, size = sqlite3.connect('chat.db').execute(\n"
        "    \"SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'conversations'\"\n"
        ").fetchone()\n"
        "with open('chat.db', 'r+b') as file:\n"
        "    file.seek((page - 1) * size)\n"
        "    file.write(bytes([255]) * size)\n"
    )

    gated = sql.gate(sys.executable, damage.name)

    assert gated.code == 3, gated.output
    assert gated.headline == "CANNOT TELL"


def test_what_was_not_meant_can_be_taken_back(sql: GatedProject) -> None:
    gated = sql.gate("sh", "-c", "sqlite3 -bail chat.db '.read migrate.sql' && sqlite3 chat.db 'DELETE FROM edits'")

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert sql.ask("SELECT count(*) FROM edits") == [(0,)]

    ran = sql.run("sqlite3", "chat.db", ".restore chat.db.before")

    assert ran.returncode == 0, ran.stderr
    assert sql.ask("SELECT count(*) FROM edits") == [(CONVERSATIONS,)]
    assert sql.ask("PRAGMA user_version") == [(1,)]
