"""The migration can be stopped at any statement, killed at any point, its log cut anywhere: nothing is ever lost."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from store.migration import MigrationInterruptedError, failpoints, ledger, migrate, plan
from store.migration.backup import verification
from store.migration.connection import open_for_migration
from store.migration.execution import runner
from support.files.migration_files import (
    content,
    fixed_batches,
    old_content,
    query,
    texts,
    write_before_columns,
    write_payload_table,
)

TURNS = 40


class StoppedError(Exception):
    """What a test's failpoint raises."""


def before_columns(path: Path) -> Path:
    return write_before_columns(path, TURNS, journal="wal")


def payload_texts(path: Path) -> Path:
    broken = ("conv", "sess", "bad", "final", 5, "not yaml: [")
    write_payload_table(path, rows=[*texts(5), broken])
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.close()
    return path


MAKERS = [pytest.param(before_columns, id="before the columns"), pytest.param(payload_texts, id="payload texts")]
Maker = Callable[[Path], Path]


def legacy_rows(path: Path) -> list[tuple[object, ...]]:
    """The payload texts, wherever they are by now."""
    names = {name for (name,) in query(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    table = "turn_snapshots_legacy" if "turn_snapshots_legacy" in names else "turns"
    return query(path, f"SELECT rowid, * FROM {table}")


def assert_sound(path: Path, make: Maker, original: object) -> None:
    """What must hold after any stop: the file opens, is intact, and what was there before is unchanged."""
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    if make is before_columns:
        assert old_content(path) == original
    else:
        assert legacy_rows(path) == original
    states = query(path, "SELECT name FROM sqlite_schema WHERE name = 'turntruth_migrations'")
    if states:
        assert query(path, "SELECT state FROM turntruth_migrations WHERE step = 'migration'") == [("running",)]


def original_of(path: Path, make: Maker) -> object:
    return old_content(path) if make is before_columns else legacy_rows(path)


def assert_completes(path: Path, undisturbed: dict[str, list[tuple[object, ...]]]) -> None:
    """The next run completes with the same result as one that nobody disturbed, and a third finds nothing to do."""
    again = migrate(path, backup=False)
    assert again.status in {"migrated", "completed_with_residue", "already_migrated"}
    assert content(path) == undisturbed
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "PRAGMA foreign_key_check") == []
    assert query(path, "SELECT DISTINCT state FROM turntruth_migrations WHERE state IN ('running', 'failed')") == []
    assert migrate(path, backup=False).status == "already_migrated"


@pytest.fixture(scope="module", params=MAKERS)
def shape(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Maker, Path, Path]:
    """How a file is made, one as it is before, and the same migrated without disturbance."""
    make: Maker = request.param
    folder = tmp_path_factory.mktemp("shape")
    fresh = make(folder / "fresh.db")
    undisturbed = Path(shutil.copyfile(fresh, folder / "undisturbed.db"))
    migrate(undisturbed, backup=False)
    return make, fresh, undisturbed


def test_it_can_be_stopped_at_every_failpoint(
    shape: tuple[Maker, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, fresh, undisturbed = shape
    fixed_batches(monkeypatch, 7)
    expected, original = content(undisturbed), original_of(fresh, make)
    names: list[str] = []
    for stop_at in _until_clean_run():
        path = Path(shutil.copyfile(fresh, tmp_path / f"{stop_at}.db"))
        reached = 0

        def stop(name: str, stop_at: int = stop_at) -> None:
            nonlocal reached
            reached += 1
            if reached == stop_at:
                names.append(name)
                raise StoppedError(name)

        try:
            with failpoints.armed(stop):
                migrate(path, backup=False)
        except StoppedError:
            if not names[-1].startswith("end: committed"):
                assert_sound(path, make, original)
            assert_completes(path, expected)
            continue
        break

    assert len(names) > 20
    assert {"begin: before commit", "begin: committed", "end: verified", "end: before commit"} <= set(names)


def test_it_can_be_stopped_at_every_few_statements(
    shape: tuple[Maker, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, fresh, undisturbed = shape
    expected, original = content(undisturbed), original_of(fresh, make)
    opened = open_for_migration
    stops = 0
    for stop_at in _until_clean_run(step=3):
        path = Path(shutil.copyfile(fresh, tmp_path / f"{stop_at}.db"))
        trace = _stopping_trace(stop_at)

        def open_traced(path: str, trace: Callable[[apsw.Cursor, str, object], bool] = trace) -> apsw.Connection:
            connection = opened(path)
            connection.exec_trace = trace
            return connection

        monkeypatch.setattr(runner, "open_for_migration", open_traced)
        try:
            migrate(path, backup=False)
        except StoppedError:
            monkeypatch.setattr(runner, "open_for_migration", opened)
            stops += 1
            if query(path, "SELECT 1 FROM sqlite_schema WHERE name = 'turntruth_migrations'"):
                state = query(path, "SELECT state FROM turntruth_migrations WHERE step = 'migration'")
                if state == [("running",)]:
                    assert_sound(path, make, original)
            assert_completes(path, expected)
            continue
        break

    assert stops > 15


def _stopping_trace(stop_at: int) -> Callable[[apsw.Cursor, str, object], bool]:
    """A trace that raises at the n-th statement a connection runs."""
    seen = 0

    def trace(cursor: apsw.Cursor, statement: str, bindings: object) -> bool:
        nonlocal seen
        seen += 1
        if seen == stop_at:
            raise StoppedError(statement)
        return True

    return trace


def _until_clean_run(step: int = 1) -> Iterator[int]:
    """1, 2, 3 ...: the caller leaves the loop when a run was not stopped any more; a run that never is, is a defect."""
    yield from range(1, 2_000, step)
    pytest.fail("the migration never ran to its end")


KILLER = """
import os, signal, sys
sys.path[:0] = sys.argv[4:]
from store.migration import failpoints, migrate
from store.migration.filling.batches import BatchSize
BatchSize.__init__.__defaults__ = (7, *BatchSize.__init__.__defaults__[1:])
BatchSize.learn = lambda *measured: None
left = int(sys.argv[2])
def kill(name):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
with failpoints.armed(kill):
    migrate(sys.argv[1], backup=sys.argv[3] == "backup")
"""


def killed_at(path: Path, failpoint: int, repository: Path, *, with_backup: bool = False) -> bool:
    """Migrate in a child that dies at the n-th failpoint; False if it came to its end before."""
    arguments = [str(path), str(failpoint), "backup" if with_backup else "none", str(repository)]
    ran = subprocess.run([sys.executable, "-c", KILLER, *arguments], check=False, capture_output=True, timeout=60)
    assert ran.returncode in {0, -signal.SIGKILL}, ran.stderr.decode()
    return ran.returncode != 0


def test_a_process_can_be_killed_at_every_step(
    shape: tuple[Maker, Path, Path], tmp_path: Path, repository: Path
) -> None:
    make, fresh, undisturbed = shape
    expected, original = content(undisturbed), original_of(fresh, make)
    kills = 0
    for failpoint in _until_clean_run(step=4):
        path = Path(shutil.copyfile(fresh, tmp_path / f"{failpoint}.db"))
        if not killed_at(path, failpoint, repository):
            break
        kills += 1
        assert query(path, "PRAGMA integrity_check") == [("ok",)]
        if make is before_columns:
            assert old_content(path) == original
        assert_completes(path, expected)

    assert kills > 5


def test_a_process_killed_while_it_writes_the_backup_leaves_no_file_that_looks_like_one(
    tmp_path: Path, repository: Path
) -> None:
    fresh = before_columns(tmp_path / "fresh.db")
    for failpoint in (1, 2, 3):
        folder = tmp_path / str(failpoint)
        folder.mkdir()
        path = Path(shutil.copyfile(fresh, folder / "turns.db"))
        assert killed_at(path, failpoint, repository, with_backup=True)

        assert not [p for p in folder.iterdir() if ".backup-" in p.name and ".partial" not in p.name]
        assert old_content(path) == old_content(fresh)
        summary = migrate(path)
        assert Path(summary.backup).is_file()
        assert verification.verify_backup(Path(summary.backup)).rows["turns"] == TURNS


def _frame_bytes(log: bytes) -> int:
    (page_bytes,) = struct.unpack(">I", log[8:12])
    return int(page_bytes) + 24


def test_the_log_can_be_cut_anywhere(
    shape: tuple[Maker, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power loss: what of the log was not yet on disk is gone. Cut at every frame boundary, and within frames."""
    make, fresh, undisturbed = shape
    fixed_batches(monkeypatch, 7)
    expected, original = content(undisturbed), original_of(fresh, make)
    path = Path(shutil.copyfile(fresh, tmp_path / "live.db"))
    main, log = _file_and_log_after_migration(path)
    frame = _frame_bytes(log)
    cuts = range(32, len(log) + 1, frame)
    assert len(cuts) > 20

    for at in cuts:
        for cut in {at, min(at + 11, len(log)), max(0, at - frame // 2)}:
            copy = tmp_path / "cut.db"
            copy.write_bytes(main)
            Path(f"{copy}-wal").write_bytes(log[:cut])
            Path(f"{copy}-shm").unlink(missing_ok=True)
            assert query_recovering(copy, "PRAGMA integrity_check") == [("ok",)]
            if make is before_columns:
                assert old_content(copy) == original
            if cut == at:
                assert_completes(copy, expected)


def query_recovering(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Query through a connection that may write, as the next program would open the file after a crash."""
    connection = apsw.Connection(str(path))
    try:
        return [tuple(row) for row in connection.execute(sql)]
    finally:
        connection.close()


def _file_and_log_after_migration(path: Path) -> tuple[bytes, bytes]:
    """Migrate while another connection is open, so that the whole log stays; nothing of it is in the main file yet."""
    watcher = apsw.Connection(str(path))
    watcher.execute("BEGIN")
    watcher.execute("SELECT count(*) FROM turns").fetchall()
    migrate(path, backup=False)
    main, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    watcher.execute("ROLLBACK")
    watcher.close()
    return main, log


class TestInterrupt:
    def test_ctrl_c_ends_the_batch_and_says_where_it_stands(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fixed_batches(monkeypatch, 7)
        path = before_columns(tmp_path / "t.db")
        batches = 0

        def interrupt(name: str) -> None:
            nonlocal batches
            batches += name == "backfill: committed"
            if batches == 2:
                raise KeyboardInterrupt

        with failpoints.armed(interrupt), pytest.raises(MigrationInterruptedError) as stopped:
            migrate(path, backup=False)

        done = query(path, "SELECT counts_json ->> '$.rows' FROM turntruth_migrations WHERE step = 'backfill'")[0][0]
        assert 0 < done < TURNS
        assert stopped.value.exit_code == 130
        assert f"after {done} turns" in str(stopped.value)
        assert migrate(path, backup=False).counts.rows == TURNS

    def test_ctrl_c_in_the_middle_of_a_statement_rolls_its_batch_back(self, tmp_path: Path) -> None:
        path = before_columns(tmp_path / "t.db")

        def interrupt(name: str) -> None:
            if name == "backfill: filled":
                raise KeyboardInterrupt

        with failpoints.armed(interrupt), pytest.raises(MigrationInterruptedError, match="after 0 turns"):
            migrate(path, backup=False)

        assert query(path, "SELECT count(*) FROM turns WHERE runtime_key <> ''") == [(0,)]

    def test_a_signal_to_the_command_is_exit_code_130(self, tmp_path: Path, repository: Path) -> None:
        path = before_columns(tmp_path / "t.db")
        program = (
            "import os, signal, sys\n"
            "from audit.cli import main\n"
            "from store.migration import failpoints\n"
            "def interrupt(name):\n"
            "    if name == 'backfill: before commit': os.kill(os.getpid(), signal.SIGINT)\n"
            "with failpoints.armed(interrupt):\n"
            "    main(['migrate', sys.argv[1], '--no-backup', '--quiet', '--format', 'json'])\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program, str(path)],
            check=False,
            capture_output=True,
            text=True,
            cwd=repository,
            timeout=60,
        )

        assert ran.returncode == 130
        assert '"status": "interrupted"' in ran.stdout
        assert "stopped after 0 turns" in ran.stderr
        assert len(ran.stderr.strip().splitlines()) == 1


def test_a_resumed_run_keeps_its_backup_and_its_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixed_batches(monkeypatch, 7)
    path = before_columns(tmp_path / "t.db")

    def stop(name: str) -> None:
        if name == "backfill: committed":
            raise StoppedError(name)

    with failpoints.armed(stop), pytest.raises(StoppedError):
        migrate(path)
    backups = [p for p in tmp_path.iterdir() if ".backup-" in p.name]
    summary = migrate(path)

    assert [p for p in tmp_path.iterdir() if ".backup-" in p.name] == backups == [Path(summary.backup)]
    assert summary.counts.rows == TURNS
    assert summary.shape == "before_runtime"
    assert query(path, "SELECT count(*) FROM turntruth_migrations WHERE step = 'migration'") == [(1,)]


def test_a_run_that_is_resumed_without_backup_keeps_the_one_it_began_with(tmp_path: Path) -> None:
    """Else the run after that would take one of the half-migrated file for the file as it was."""
    path = before_columns(tmp_path / "t.db")
    for failpoint, with_backup in (("begin: committed", True), ("backfill: committed", False)):

        def stop(name: str, failpoint: str = failpoint) -> None:
            if name == failpoint:
                raise StoppedError(name)

        with failpoints.armed(stop), pytest.raises(StoppedError):
            migrate(path, backup=with_backup)
    (backup_file,) = [p for p in tmp_path.iterdir() if ".backup-" in p.name]

    assert migrate(path).backup == str(backup_file)
    assert "runtime_key" not in {name for (name,) in query(backup_file, "SELECT name FROM pragma_table_info('turns')")}
    assert query(path, "SELECT counts_json ->> '$.backup' FROM turntruth_migrations WHERE step = 'migration'") == [
        (str(backup_file),)
    ]


def test_a_clock_that_is_set_back_hides_no_unfinished_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = before_columns(tmp_path / "t.db")
    migrate(path, backup=False, evidence="direct")
    monkeypatch.setattr(ledger, "now_ms", lambda: 1_000)

    def stop(name: str) -> None:
        if name == "backfill: committed":
            raise StoppedError(name)

    with failpoints.armed(stop), pytest.raises(StoppedError):
        migrate(path, backup=False)
    assert plan(path).shape == "half_migrated"
    migrate(path, backup=False)

    states = "SELECT state FROM turntruth_migrations WHERE step = 'migration' ORDER BY rowid"
    assert query(path, states) == [("completed_with_residue",), ("completed",)]


def test_no_environment_variable_arms_a_failpoint_or_changes_what_is_filled(tmp_path: Path, repository: Path) -> None:
    plain, disturbed = before_columns(tmp_path / "a.db"), before_columns(tmp_path / "b.db")
    program = "import sys; from store.migration import migrate; migrate(sys.argv[1], backup=False)"
    names = (
        "FAILPOINT",
        "TURNTRUTH_FAILPOINT",
        "TURNTRUTH_EVIDENCE",
        "TURNTRUTH_COMPAT",
        "TURNTRUTH_BACKFILL",
        "DEBUG",
    )
    for path, added in ((plain, {}), (disturbed, dict.fromkeys(names, "1"))):
        subprocess.run(
            [sys.executable, "-c", program, str(path)], check=True, cwd=repository, env=os.environ | added, timeout=60
        )

    assert content(plain) == content(disturbed)
    sources = [*(repository / "store" / "migration").rglob("*.py")]
    assert sources
    assert [p.name for p in sources if "os.environ" in p.read_text() or "getenv" in p.read_text()] == []
