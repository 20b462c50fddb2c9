"""Going back loses nothing unsaid: what is replaced is kept first, and what went is exactly what is told."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from audit import cli
from store.migration import BackupError, lost_turns, migrate, plan_rollback, rollback
from store.migration.backup.restore import write_over
from support.files.migration_files import content, query, run_sql, sha256, write_before_columns

TURNS = 60
_LATE = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) "
    "VALUES ('new', 's', 't', 5, 9999), ('conv', 'sess', 'late', 6, 7)"
)
_WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
number = 0
print("ready", flush=True)
while True:
    connection.execute("INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms)"
                       " VALUES ('beside', 's', ?, 1, 1)", (f"x{number}",))
    print(f"x{number}", flush=True)
    number += 1
"""


@pytest.fixture(params=["wal", "delete"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return write_before_columns(tmp_path / "t.db", TURNS, journal=request.param)


@pytest.fixture
def backup(path: Path) -> str:
    """The backup of a migration, after which the service saved two turns more, one in a conversation of its own."""
    written = migrate(path).backup
    run_sql(path, _LATE)
    return written


def test_the_file_as_it_was_replaced_is_kept_beside_it(path: Path, backup: str) -> None:
    before, original = content(path), query(Path(backup), "SELECT turn_id FROM turns ORDER BY 1")
    done = rollback(path, backup)
    assert content(Path(done.kept)) == before
    assert query(path, "SELECT turn_id FROM turns ORDER BY 1") == original
    assert not list(path.parent.glob("*.partial*"))


def test_the_turns_that_went_are_listed_from_the_kept_file(path: Path, backup: str) -> None:
    done = rollback(path, backup)
    turns = [(turn.conv_id, turn.session_id, turn.turn_id) for turn in lost_turns(done.kept, backup)]
    assert turns == [("conv", "sess", "late"), ("new", "s", "t")]
    assert (done.lost, done.conversations_lost) == (2, 1)


def test_the_kept_file_is_the_way_forward_again(path: Path, backup: str) -> None:
    before = content(path)
    done = rollback(path, backup)
    rollback(path, done.kept, keep=False)
    assert content(path) == before


def test_what_only_the_migration_changed_is_no_later_version(path: Path) -> None:
    assert plan_rollback(path, migrate(path).backup).changed == 0
    assert query(path, "SELECT count(*) FROM turns WHERE updated_at_ms = turn_created_at_ms")[0][0] > 0


def test_a_name_that_is_taken_is_refused_before_the_first_write(path: Path, backup: str) -> None:
    taken = path.with_name("kept.db")
    taken.write_bytes(b"somebody's")
    before = sha256(path)
    with pytest.raises(BackupError, match="cannot be kept there: there is such a file already; nothing was changed"):
        rollback(path, backup, keep=taken)
    assert sha256(path) == before
    assert taken.read_bytes() == b"somebody's"


def test_without_keeping_nothing_is_left_beside_it(path: Path, backup: str) -> None:
    assert rollback(path, backup, keep=False).kept == ""
    assert not list(path.parent.glob("*replaced*"))


def test_nobody_can_write_between_what_is_counted_and_what_is_replaced(
    path: Path, backup: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["store.migration.backup.rollback"]
    keep = module._keep
    refused: list[bool] = []

    def meddle(*words: object, **options: object) -> str:
        # Another process: two libraries in one would let go of each other's locks.
        script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('DELETE FROM turns')"
        ran = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
        refused.append("locked" in ran.stderr)
        return str(keep(*words, **options))

    monkeypatch.setattr(module, "_keep", meddle)
    done = rollback(path, backup)
    assert refused == [True]
    assert done.lost == len(list(lost_turns(done.kept, backup)))


def test_a_restore_without_a_log_waits_for_the_disk_at_each_step(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db", TURNS, journal="delete")
    seen: list[int] = []
    with closing(apsw.Connection(str(path))) as source, closing(apsw.Connection(":memory:")) as other:
        source.pragma("synchronous", "normal")
        write_over(source, other, lambda locked: seen.append(locked.pragma("synchronous") if locked else -1))
    assert seen == [2]


@contextmanager
def writing_beside(path: Path) -> Iterator[list[str]]:
    """A process that saves turns all the time; the list holds every one of which it was told that it is committed."""
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        saved: list[str] = []
        reader = threading.Thread(target=lambda: saved.extend(line.strip() for line in process.stdout or ()))
        reader.start()
        try:
            yield saved
        finally:
            process.kill()
            reader.join()


def test_beside_a_writer_what_went_is_what_is_told(path: Path, backup: str) -> None:
    with writing_beside(path) as saved:
        done = rollback(path, backup)
    left = {turn for (turn,) in query(path, "SELECT turn_id FROM turns WHERE conv_id = 'beside'")}
    gone = {turn.turn_id for turn in lost_turns(done.kept, backup) if turn.conv_id == "beside"}
    assert {turn for turn in saved if turn not in left} == gone & set(saved)
    assert done.lost == len(gone) + 2


def run_command(path: Path, backup: str, *words: str) -> int:
    return cli.run(["rollback", str(path), "--to", backup, "--yes", "--quiet", *words])


def test_the_command_counts_in_text_and_lists_all_as_json_or_csv(
    path: Path, backup: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(path, backup) == 0
    text = capsys.readouterr().out
    assert "went          2 turns, with 1 whole conversation," in text
    (kept,) = path.parent.glob("*replaced*")
    assert f"turntruth rollback {path} --to {kept}" in text
    assert run_command(path, str(kept), "--no-keep") == 0
    capsys.readouterr()

    assert run_command(path, backup, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [turn["turn_id"] for turn in told["turns"]] == ["late", "t"]
    assert run_command(path, told["kept"], "--no-keep") == 0
    capsys.readouterr()

    assert run_command(path, backup, "--format", "csv", "--keep", str(path.with_name("mine.db"))) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["conv_id"], row["turn_id"], row["updated_at_ms"]) for row in rows] == [
        ("conv", "late", "7"),
        ("new", "t", "9999"),
    ]
    assert path.with_name("mine.db").is_file()


@pytest.mark.parametrize("words", [("--keep", "x.db", "--no-keep")])
def test_options_that_exclude_each_other_are_told(
    path: Path, backup: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(path, backup, *words) == 2
    assert "exclude" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["json", "csv"])
def test_what_went_is_listed_also_where_nothing_is_kept(
    path: Path, backup: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(path, backup, "--no-keep", "--format", output) == 0
    out = capsys.readouterr().out
    turns = json.loads(out)["turns"] if output == "json" else list(csv.DictReader(io.StringIO(out)))
    assert [turn["turn_id"] for turn in turns] == ["late", "t"]
    assert not list(path.parent.glob("*replaced*"))


def test_nothing_lost_is_an_empty_list(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(path, migrate(path).backup, "--no-keep", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["turns"] == []


def test_turns_without_a_time_have_no_newest(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backup = migrate(path).backup
    run_sql(path, _LATE.replace("5, 9999", "0, 0").replace("6, 7", "0, 0"))
    assert run_command(path, backup, "--no-keep") == 0
    assert "going back loses 2 turns, none of which has a time, and later versions of 0" in capsys.readouterr().out


def test_a_link_of_the_file_is_no_backup_of_it(path: Path) -> None:
    other = path.with_name("other.db")
    other.hardlink_to(path)
    with pytest.raises(BackupError, match="that is the file itself"):
        rollback(path, other)


def test_a_backup_that_was_replaced_since_it_was_verified_is_refused(
    path: Path, backup: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(path)
    module = sys.modules["store.migration.backup.rollback"]
    monkeypatch.setattr(module, "plan_rollback", lambda *_: _replaced(module.RollbackPlan, path, Path(backup)))
    with pytest.raises(BackupError, match="changed or replaced since it was verified"):
        rollback(path, backup)
    assert content(path) == before


def _replaced(plan: type, path: Path, backup: Path) -> object:
    copy = backup.with_name("copy.db")
    copy.write_bytes(backup.read_bytes())
    copy.replace(backup)
    return plan(str(path), str(backup), "", "", 0, 0)


def test_pages_of_another_size_are_told_as_what_they_are(path: Path, backup: str) -> None:
    run_sql(Path(backup), "PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192", "VACUUM")
    before = content(path)
    if query(path, "PRAGMA journal_mode") == [("wal",)]:
        with pytest.raises(BackupError, match="its pages have 4096 bytes and those of the backup 8192"):
            rollback(path, backup)
        assert content(path) == before
    else:
        rollback(path, backup)
        assert query(path, "PRAGMA page_size") == [(8192,)]
