"""``turntruth ticket-doctor``: rows as text and JSON, exit codes, closing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit import cli
from support.files.ticket_files import change, write_ticket

WORDS = ("--now", "2026-03-01T00:00:00")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_ticket(tmp_path)


def test_a_sound_ticket_passes_with_its_sql_tried(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ticket-doctor", str(folder), *WORDS]) == 0
    assert capsys.readouterr().out == "T-1: active, 2 of 3 boxes ticked\n  all checks passed\n"


def test_a_fault_is_a_row_and_exit_code_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder / "index.md", "SELECT runtime_key", "SELECT runtime\x1b[31m")
    assert cli.run(["ticket-doctor", str(folder), *WORDS]) == 1
    out = capsys.readouterr().out
    assert "  warning   sql_fails                 docs/ticket/index.md:21: it does not run" in out
    assert "\x1b" not in out

    assert cli.run(["ticket-doctor", str(folder), *WORDS, "--fail-on", "error", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row.keys() == {"ticket", "issue", "severity", "message", "path", "line"}
    assert (row["ticket"], row["severity"]) == ("T-1", "warning")


def test_age_counts_from_the_given_moment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ticket-doctor", str(folder), *WORDS, "--stale-after", "4"]) == 1
    assert "nothing was updated for 4 days; 4 are allowed" in capsys.readouterr().out


def test_closing_says_what_was_written_or_why_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder / "index.md", "\nCurrent status: **active**\n", "")
    change(folder / "tasks.md", "[X]", "[ ]")
    assert cli.run(["ticket-doctor", str(folder), *WORDS, "--close"]) == 2
    assert "the ticket stays open, nothing was written" in capsys.readouterr().err

    change(folder / "tasks.md", "- [ ] A box", "- [x] A box")
    assert cli.run(["ticket-doctor", str(folder), *WORDS, "--close"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("T-1: complete, 3 of 3 boxes ticked")
    assert "closed: docs/ticket/index.md was written" in told.err


def test_no_ticket_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ticket-doctor", str(tmp_path)]) == 2
    assert "no ticket lies there" in capsys.readouterr().err
