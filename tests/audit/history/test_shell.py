"""Queries are asked for one after another; what is wrong with one ends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.history.answer import Answer
from audit.history.runtime_history import RuntimeHistory
from audit.history.shell import NoTerminalError, run_shell
from support.files.runtime_files import make_history


@pytest.fixture
def history(tmp_path: Path) -> Iterator[RuntimeHistory]:
    with RuntimeHistory(make_history(tmp_path / "turns.db", {"a": ["x", "y"]})) as opened:
        yield opened


def shown(history: RuntimeHistory, *lines: str | type[BaseException]) -> list[list[object]]:
    """The rows of every answer to these lines; an exception is what a key raises."""
    given = iter(lines)
    answers: list[list[object]] = []

    def ask(prompt: str) -> str:
        line = next(given, EOFError)
        if isinstance(line, str):
            return line
        raise line

    def show(answer: Answer) -> None:
        answers.append([value for row in answer for value in row])

    run_shell(history, show, ask)
    return answers


def test_a_query_ends_with_a_semicolon_on_whatever_line(history: RuntimeHistory) -> None:
    assert shown(history, "SELECT 1;", "SELECT", "count(*) FROM turns", ";") == [[1], [2]]


def test_a_wrong_query_is_told_and_the_next_is_answered(
    history: RuntimeHistory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(history, "SELEC;", "DROP VIEW turns;", "SELECT 3;") == [[3]]
    assert capsys.readouterr().out.count("The views are") == 2


def test_an_interrupted_query_is_forgotten(history: RuntimeHistory) -> None:
    assert shown(history, "SELECT 1", KeyboardInterrupt, "SELECT 2;") == [[2]]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (".views", "One row a switch"),
        (".columns turns", "place: 1, 2, 3"),
        (".help", "Ctrl-D"),
        (".nonsense", "Ctrl-D"),
    ],
)
def test_commands_begin_with_a_dot(
    command: str, told: str, history: RuntimeHistory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(history, command, ".quit", "SELECT 1;") == []
    assert told in capsys.readouterr().out


def test_without_a_terminal_there_is_nobody_to_ask(history: RuntimeHistory) -> None:
    with pytest.raises(NoTerminalError, match="Give the query as an argument"):
        run_shell(history, print)
