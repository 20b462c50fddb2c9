"""SQL of a ticket is tried on a file that stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.ticket import sql_examples
from audit.ticket.ticket_folder import read_ticket
from store.turns.turn_store import SqliteTurnStore
from support.files.ticket_files import change, write_ticket

STATEMENT = "SELECT runtime_key FROM turns WHERE conv_id = :conv_id;"


def problems(tmp_path: Path, statement: str) -> list[str]:
    database = tmp_path / "turns.db"
    SqliteTurnStore(database, create=True).close()
    before = database.read_bytes()
    folder = write_ticket(tmp_path / "repository")
    change(folder / "index.md", STATEMENT, statement)
    found = list(sql_examples.failing_examples(read_ticket(folder), database))
    assert database.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"turns.db", "repository"}
    assert {(remark.issue, remark.line) for remark in found} <= {("sql_fails", 21)}
    return [remark.message for remark in found]


@pytest.mark.parametrize("statement", [STATEMENT, "SELECT 1; SELECT ?, :a, ?7 FROM turns;\n-- the end", "-- nothing"])
def test_what_runs_is_not_named(statement: str, tmp_path: Path) -> None:
    assert problems(tmp_path, statement) == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("SELECT runtime FROM turns", "it does not run: no such column: runtime"),
        ("SELECT 1; SELEC 2", 'it does not run: near "SELEC": syntax error'),
        ("DELETE FROM turns", "it writes: DELETE FROM turns"),
        ("PRAGMA user_version = 7", "it writes: PRAGMA user_version = 7"),
        ("ATTACH 'other.db' AS other", "it does not run: not authorized"),
        ("VACUUM INTO 'other.db'", "it writes: VACUUM INTO 'other.db'"),
    ],
)
def test_what_does_not_run_or_does_more_than_read_is_named(statement: str, problem: str, tmp_path: Path) -> None:
    assert problems(tmp_path, statement) == [problem]


def test_what_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_examples, "STEPS", 10_000)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) FROM n"

    assert problems(tmp_path, endless) == ["it does not end"]
