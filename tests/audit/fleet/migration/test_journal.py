"""The journal is on the disk before anything else is done, survives a torn line, and never takes a guess."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from audit.fleet.fleet_folder import JOURNAL_FILE
from audit.fleet.migration.errors import JournalError, JournalWriteError
from audit.fleet.migration.journal import Entry, Event, Journal


def written(folder: Path, *entries: Entry) -> Path:
    with Journal(folder) as journal:
        for entry in entries:
            journal.write(entry)
    return folder / JOURNAL_FILE


BEGUN = Entry(Event.BEGUN, wave=1, tenant="a", path="/a.db", before="mig_0:completed")
DONE = Entry(Event.DONE, wave=1, tenant="a", path="/a.db", status="migrated", backup="/a.backup.db", rows=3)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, Entry(Event.WAVE, wave=1, paths=("/a.db",)), BEGUN, DONE)

    with Journal(tmp_path) as journal:
        state = journal.states["/a.db"]
        assert journal.waves == {1: ("/a.db",)}
    assert state.is_done
    assert (state.last.backup, state.last.rows) == ("/a.backup.db", 3)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().splitlines()) == 3


def test_each_line_is_on_the_disk_when_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    path = written(tmp_path, BEGUN, DONE)

    lines = path.read_bytes().splitlines(keepends=True)
    assert synced[-2:] == [len(lines[0]), len(lines[0]) + len(lines[1])]


def test_a_torn_last_line_is_taken_off(tmp_path: Path) -> None:
    path = written(tmp_path, BEGUN, DONE)
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines()[1])):
        path.write_bytes(whole[:-cut])
        with Journal(tmp_path) as journal:
            assert not journal.states["/a.db"].is_done
            journal.write(DONE)
        assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["begun", "done"]


@pytest.mark.parametrize("line", ["{", "[]", '{"event": "unheard of"}', '{"event": "done", "rows": "three"}', "{}"])
def test_a_line_that_cannot_be_read_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, BEGUN)
    path.write_text(path.read_text() + line + "\n")

    with pytest.raises(JournalError, match="line 2 cannot be read"), Journal(tmp_path):
        pytest.fail("it was read")


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, BEGUN)
    before = path.read_bytes()
    known = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return known(descriptor, data[: len(data) // 2])

    with Journal(tmp_path) as journal:
        monkeypatch.setattr("os.write", half)
        with pytest.raises(JournalWriteError, match=r"No space left on device\. No further file was begun"):
            journal.write(DONE)
        assert not journal.states["/a.db"].is_done
    assert path.read_bytes() == before


def test_what_the_ledger_said_before_is_kept_from_the_first_time_it_was_begun(tmp_path: Path) -> None:
    again = Entry(Event.BEGUN, wave=1, tenant="a", path="/a.db", before="mig_1:running")
    written(tmp_path, BEGUN, Entry(Event.INTERRUPTED, path="/a.db"), again)

    with Journal(tmp_path) as journal:
        assert journal.states["/a.db"].before == "mig_0:completed"
        journal.write(DONE)
        journal.write(Entry(Event.ROLLED_BACK, path="/a.db"))
        journal.write(again)
        assert journal.states["/a.db"].before == "mig_1:running"


def test_what_could_not_be_taken_back_is_still_done(tmp_path: Path) -> None:
    written(tmp_path, BEGUN, DONE, Entry(Event.NOT_ROLLED_BACK, path="/a.db", reason="changed"))

    with Journal(tmp_path) as journal:
        assert journal.done(["/a.db", "/b.db"]) == ["/a.db"]
