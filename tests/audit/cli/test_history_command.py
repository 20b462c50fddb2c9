from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from audit.cli.commands import history
from audit.errors import AuditError, UsageError
from audit.history.runtime_history import UnknownConversationError
from audit.history.staged_reading import InputNotGivenError
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


def test_an_inference_is_told_by_its_turn(path: Path) -> None:
    turns = ask_json(path, "--inference", "inf-3")["turns"]

    assert [each["turn_id"] for each in turns] == ["switching-3"]
    assert turns[0]["created_at"] == "2026-01-04T00:00:00.000Z"


def test_shares_are_told_by_period(path: Path) -> None:
    shares = ask_json(path, "--share", "day", "--since", "2026-01-02", "--until", "2026-01-03")["shares"]

    assert [(each["runtime_key"], each["turns"], each["share"]) for each in shares] == [("planner", 2, 1.0)]
    assert "50.0%" in ask(path, "--share", "month")


def test_changes_are_told_beside_the_file_from_before(path: Path, tmp_path: Path) -> None:
    before = make_history(tmp_path / "before.db", {"switching": ["", "", "coder"], "steady": ["planner"]})

    (change,) = ask_json(path, "--baseline", str(before), "--changes")["changes"]

    assert (change["turn_id"], change["state"]) == ("switching-1", "filled")


def test_csv_and_parquet_have_the_first_table(path: Path, tmp_path: Path) -> None:
    header, *rows = ask(path, "--conversation", "switching", "--format", "csv").splitlines()

    assert header.startswith("conv_id,segment,runtime_key,turns,")
    assert len(rows) == 3
    command = [sys.executable, "-m", "turntruth", "history", str(path), "--format", "parquet"]
    written = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
    (tmp_path / "uses.parquet").write_bytes(written)
    with duckdb.connect() as reader:
        assert reader.read_parquet(str(tmp_path / "uses.parquet")).aggregate("sum(turns)").fetchone() == (4,)


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
        (["--conversation", "steady", "--share", "day"], UsageError),
        (["--pointers"], InputNotGivenError),
        (["--changes", "--since", "2026-01-01"], InputNotGivenError),
    ],
)
def test_a_question_without_an_answer_is_an_error(options: list[str], error: type[AuditError], path: Path) -> None:
    with pytest.raises(error) as caught:
        ask(path, *options)

    assert caught.value.exit_code == 2
