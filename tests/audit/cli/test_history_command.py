from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from audit.cli.commands import history
from audit.errors import AuditError, UsageError
from audit.history.runtime_history import UnknownConversationError
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_history(tmp_path / "turns.db", {"switching": ["planner", "", "coder"], "steady": ["planner"]})


def ask(path: Path, *options: str) -> str:
    """What the command prints; its errors are raised."""
    app = typer.Typer()
    history.register(app)
    ran = CliRunner().invoke(app, [str(path), *options], catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.stdout


def ask_json(path: Path, *options: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ask(path, *options, "--format", "json"))
    return answer


def test_a_conversation_is_told_by_its_segments_and_switches(path: Path) -> None:
    answer = ask_json(path, "--conversation", "switching")

    assert [(each["runtime_key"], each["turns"]) for each in answer["segments"]] == [
        ("planner", 1),
        ("", 1),
        ("coder", 1),
    ]
    assert [each["unknown_turns"] for each in answer["switches"]] == [1]


def test_a_turn_is_told_by_its_runtime(path: Path) -> None:
    (turn,) = ask_json(path, "--turn", "switching-3")["turns"]

    assert turn["runtime_key"] == "coder"


def test_a_runtime_is_told_by_its_conversations(path: Path) -> None:
    answer = ask_json(path, "--runtime", "planner")

    assert [each["conv_id"] for each in answer["conversations"]] == ["steady", "switching"]


def test_without_a_question_the_file_is_told_by_its_runtimes(path: Path) -> None:
    answer = ask_json(path)

    assert {each["runtime_key"]: each["turns"] for each in answer["runtimes"]} == {"planner": 2, "": 1, "coder": 1}
    assert answer["coverage"]["runtime_known"] == 3


def test_text_is_for_people_and_does_not_fold_ids(path: Path) -> None:
    run_sql(path, f"UPDATE turns SET turn_id = '{'t' * 90}' WHERE turn_id = 'switching-3'")

    text = ask(path, "--conversation", "switching")

    assert "2026-01-02 00:00:00" in text
    assert "(unknown)" in text
    assert "t" * 90 in text
    assert "known: 3 of 4 turns name their runtime" in ask(path)


def test_no_switch_is_said(path: Path) -> None:
    assert "switches: none" in ask(path, "--conversation", "steady")


def test_a_text_of_the_file_cannot_steer_the_terminal_or_the_markup(path: Path) -> None:
    run_sql(path, "UPDATE turns SET runtime_key = char(27) || '[31m[bold]:warning:' WHERE turn_id = 'steady-1'")

    text = ask(path, "--conversation", "steady")

    assert "\x1b" not in text
    assert "U+001B[31m[bold]:warning:" in text


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--conversation", "nobody"], UnknownConversationError),
        (["--turn", "nobody"], UsageError),
        (["--turn", "steady-1", "--conversation", "switching"], UsageError),
        (["--runtime", "planner", "--turn", "x"], UsageError),
    ],
)
def test_a_question_without_an_answer_is_an_error(options: list[str], error: type[AuditError], path: Path) -> None:
    with pytest.raises(error) as caught:
        ask(path, *options)

    assert caught.value.exit_code == 2
