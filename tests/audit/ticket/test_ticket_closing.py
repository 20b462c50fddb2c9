"""A ticket is closed whole, and only when nothing else is open."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audit.ticket.errors import OpenTasksError, UnreadableDocumentError
from audit.ticket.ticket_closing import close
from audit.ticket.ticket_examination import examine
from audit.ticket.ticket_folder import read_ticket
from support.files.ticket_files import INDEX, NOW, TASKS, change, write_ticket

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from audit.ticket import ticket_closing
from audit.ticket.ticket_folder import read_ticket

steps = iter(range(100))

def killed_at(function):
    def step(*given):
        if next(steps) == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given)
    return step

ticket = read_ticket(Path(sys.argv[1]))
os.fsync, Path.replace = killed_at(os.fsync), killed_at(Path.replace)
ticket_closing.close(ticket, datetime(2026, 3, 1, tzinfo=UTC))
"""
"""Closes a ticket, and is killed before a step: two files are made ready, then one is replaced after the other."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_ticket(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_status_date_and_box_change_and_no_other_character(folder: Path) -> None:
    (folder / "tasks.md").chmod(0o640)
    assert {path.name for path in close(read_ticket(folder), NOW)} == {"index.md", "tasks.md"}

    assert (folder / "tasks.md").read_text() == TASKS.replace("[ ]", "[x]")
    assert (folder / "index.md").read_text() == INDEX.replace("Status: active", "Status: complete").replace(
        "2026-02-24T10", "2026-03-01T00"
    )
    assert (folder / "tasks.md").stat().st_mode & 0o777 == 0o640
    # The sentence is the author's to change.
    assert [each.issue for each in examine(read_ticket(folder), now=NOW).remarks] == ["status_contradicted"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"), [("Status:", "Status: complete"), ("Status: [active]", "Status: complete")]
)
def test_other_line_ends_and_values_are_kept_to(before: str, after: str, end: str, folder: Path) -> None:
    change(folder / "index.md", "Status: active   # until all is done", before)
    change(folder / "tasks.md", "of two lines", "of two\u2028lines\x0b")
    for name in ("index.md", "tasks.md"):
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", end.encode()))
    texts = {name: (folder / name).read_bytes().decode() for name in ("index.md", "tasks.md")}

    close(read_ticket(folder), NOW)

    assert (folder / "tasks.md").read_bytes().decode() == texts["tasks.md"].replace("[ ]", "[x]")
    wanted = texts["index.md"].replace(f"{before}{end}", f"{after}{end}").replace("2026-02-24T10", "2026-03-01T00")
    assert (folder / "index.md").read_bytes().decode() == wanted
    assert read_ticket(folder).is_complete


def test_closing_again_writes_nothing(folder: Path) -> None:
    close(read_ticket(folder), NOW)
    before = contents(folder)

    assert close(read_ticket(folder), NOW) == []
    assert contents(folder) == before


def test_another_open_box_is_a_refusal_and_nothing_is_written(folder: Path) -> None:
    change(folder / "tasks.md", "[X] A box", "[ ] A box")
    before = contents(folder)

    with pytest.raises(OpenTasksError, match=r"1 other boxes .*docs/ticket/tasks.md:7 A box of two lines"):
        close(read_ticket(folder), NOW)
    assert contents(folder) == before


def test_an_index_without_a_status_is_told_and_nothing_is_written(folder: Path) -> None:
    change(folder / "index.md", "Status: active", "State: active")
    before = contents(folder)

    with pytest.raises(UnreadableDocumentError, match="no Status"):
        close(read_ticket(folder), NOW)
    assert contents(folder) == before


def test_a_file_that_cannot_be_replaced_leaves_both_as_they_were(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(folder)

    def fail(*_: object) -> None:
        raise OSError(28, "no room")

    monkeypatch.setattr("audit.ticket.ticket_closing.os.fsync", fail)
    with pytest.raises(OSError, match="no room"):
        close(read_ticket(folder), NOW)
    assert contents(folder) == before


@pytest.mark.parametrize("at", range(5))
def test_killed_anywhere_each_file_is_whole_and_closing_goes_on(at: int, folder: Path) -> None:
    """Step 2 is the first that replaces a file, before step 3 one of the two is new; step 4 never comes."""
    before = contents(folder)
    child = subprocess.run([sys.executable, "-c", KILLED, folder, str(at)], check=False, capture_output=True, text=True)
    assert child.returncode == (-signal.SIGKILL if at < 4 else 0), child.stderr

    left = read_ticket(folder)
    ticked = all(task.done for _, task in left.tasks)
    changed = {name for name, content in contents(folder).items() if before.get(name, content) != content}
    assert changed == [set(), set(), set(), {"tasks.md"}, {"tasks.md", "index.md"}][at]
    assert ticked or not left.is_complete

    close(left, NOW)
    assert set(contents(folder)) == set(before)
    assert (folder / "tasks.md").read_text() == TASKS.replace("[ ]", "[x]")
    assert read_ticket(folder).is_complete


def test_killed_between_the_two_it_is_named_and_closing_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def once(self: Path, target: Path) -> Path:
        if target.name == "index.md":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", once)
    with pytest.raises(KeyboardInterrupt):
        close(read_ticket(folder), NOW)
    monkeypatch.undo()
    assert [each.issue for each in examine(read_ticket(folder), now=NOW).remarks] == ["closed_too_early"]

    assert [path.name for path in close(read_ticket(folder), NOW)] == ["index.md"]
    assert read_ticket(folder).is_complete
