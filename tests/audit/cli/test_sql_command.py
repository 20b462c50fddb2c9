"""``turntruth sql``: one query over the views, or one statement in SQLite itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from audit.cli.commands import sql
from audit.errors import UsageError
from audit.history.answer import QueryError
from audit.history.shell import NoTerminalError
from audit.history.sqlite_query import SqliteQueryError
from support.files.runtime_files import make_history


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_history(tmp_path / "turns.db", {"a": ["x", "y", ""], "b": ["x"]})


def ask(*words: str | Path, exit_code: int = 0) -> str:
    app = typer.Typer()
    sql.register(app)
    ran = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert ran.exit_code == exit_code
    return ran.stdout


def test_a_query_is_answered_as_text_json_and_csv(path: Path) -> None:
    query = "SELECT runtime_key, turns FROM runtimes ORDER BY turns DESC, runtime_key"

    assert ask(path, query).splitlines()[1:3] == ["runtime key  turns", "x            2"]
    assert json.loads(ask(path, query, "--format", "json"))["rows"][0] == {"runtime_key": "x", "turns": 2}
    assert ask(path, query, "--format", "csv").splitlines() == ["runtime_key,turns", "x,2", ",1", "y,1"]


def test_columns_keep_the_names_that_the_query_gives_them(path: Path) -> None:
    assert ask(path, 'SELECT count(*), 1 AS "a b" FROM turns', "--format", "csv").startswith("count_star(),a b\n4,1")


def test_parameters_are_bound_here_and_in_sqlite(path: Path) -> None:
    for more in ([], ["--sqlite"]):
        query = "SELECT count(*) AS n FROM turns WHERE runtime_key = $name"
        assert json.loads(ask(path, query, "--param", "name=x", "--format", "json", *more))["rows"] == [{"n": 2}]


def test_sqlite_runs_what_only_it_knows(path: Path) -> None:
    assert ask(path, "SELECT typeof(runtime_key) AS kind FROM turns LIMIT 1", "--sqlite", "--format", "csv") == (
        "kind\ntext\n"
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["DELETE FROM turns"], QueryError),
        (["DELETE FROM turns", "--sqlite"], SqliteQueryError),
        (["", "--sqlite"], UsageError),
        (["SELECT 1", "--sqlite", "--format", "parquet"], UsageError),
        ([], NoTerminalError),
    ],
)
def test_what_is_no_query_is_an_error(words: list[str], error: type[UsageError], path: Path) -> None:
    with pytest.raises(error) as raised:
        ask(path, *words)

    assert raised.value.exit_code == 2


def test_a_parameter_without_a_value_is_wrong_usage(path: Path) -> None:
    ask(path, "SELECT 1", "--param", "name", exit_code=2)


def test_the_file_stays_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    command = [sys.executable, "-m", "turntruth", "sql", str(path), "SELECT 1", "--sqlite"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["turns.db"]
