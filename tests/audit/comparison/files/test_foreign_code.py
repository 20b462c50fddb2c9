"""An examination stops what the definitions of a file compute at limits of time and size, and looks at the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.comparison.examination import examine
from audit.comparison.files import foreign_code
from audit.comparison.files.opening import open_alone
from audit.comparison.files.tables import read_tables
from support.files.sqlite_files import make_turns, run_sql

_LONG = "hex(zeroblob(50000000))"


def hostile(path: Path, *statements: str) -> Path:
    make_turns(path)
    run_sql(path, *statements)
    return path


def test_a_table_of_another_program_is_named_and_the_rest_is_examined(tmp_path: Path) -> None:
    path = hostile(
        tmp_path / "t.db",
        "CREATE TABLE other (id INTEGER PRIMARY KEY)",
        "INSERT INTO other VALUES (1)",
        f"ALTER TABLE other ADD COLUMN big TEXT AS ({_LONG})",
        "CREATE TABLE small (id INTEGER NOT NULL)",
        "INSERT INTO small VALUES (1)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE small (id INTEGER, b TEXT NOT NULL)' WHERE name = 'small'",
    )
    problems, unread = examine(path, full=False, table="turns")

    assert unread == ["other is not looked at: what its definition computes makes values of more than 64 MiB"]
    assert problems == ["NULL value in small.b"]


def test_turns_that_nobody_can_look_at_are_a_problem(tmp_path: Path) -> None:
    path = hostile(tmp_path / "t.db", f"ALTER TABLE turns ADD COLUMN big TEXT AS ({_LONG})")
    problems, unread = examine(path, full=True)

    assert problems == ["turns is not looked at: what its definition computes makes values of more than 64 MiB"]
    assert unread == []


def test_expressions_that_take_too_long_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_code, "LEAST_SECONDS", -1.0)
    path = hostile(tmp_path / "t.db", "ALTER TABLE turns ADD COLUMN odd TEXT AS (upper(turn_id))")
    problems, _ = examine(path, full=True)

    assert "takes longer than such expressions may" in problems[0]


def test_a_table_without_expressions_has_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_code, "LEAST_SECONDS", -1.0)
    monkeypatch.setattr(foreign_code, "VALUE_BYTES", 1)

    assert examine(make_turns(tmp_path / "t.db"), full=True) == ([], [])


def test_tables_are_read_without_expanding_views_that_double_at_every_step(tmp_path: Path) -> None:
    views = (f"CREATE VIEW v{n} AS SELECT a.x FROM v{n - 1} a, v{n - 1} b" for n in range(1, 60))
    path = hostile(
        tmp_path / "t.db",
        "CREATE TABLE strict_one (a TEXT, b TEXT DEFAULT 'x) STRICT') STRICT",
        "CREATE TABLE loose (a TEXT DEFAULT ') STRICT')",
        "CREATE TABLE keyed (a TEXT PRIMARY KEY) WITHOUT ROWID, STRICT",
        "CREATE VIEW v0 AS SELECT 1 AS x",
        *views,
    )
    with open_alone(path) as (connection, _):
        found = read_tables(connection, "main")

    assert {name: (bool(each.rowid), each.is_strict) for name, each in found.items()} == {
        "turns": (True, False),
        "strict_one": (True, True),
        "loose": (True, False),
        "keyed": (False, True),
    }
