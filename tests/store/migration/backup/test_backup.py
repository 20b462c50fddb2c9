"""The backup is proved before anything changes, and the way back shows what it costs and gives everything back."""

from __future__ import annotations

import datetime as dt
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from audit import cli
from store.migration import BackupError, failpoints, migrate, plan_rollback, rollback
from store.migration.backup.backup import write_backup
from store.migration.backup.backup_name import default_backup_path
from store.migration.backup.verification import verify_backup
from store.migration.connection import open_for_reading
from support.files.migration_files import (
    content,
    old_content,
    query,
    run_sql,
    sha256,
    write_before_columns,
    write_payload_table,
)
from support.processes.migration_processes import OldWriter


def write_and_die(path: Path, statement: str) -> None:
    """Let another process commit a statement and be killed before it can bring its log into the file."""
    program = (
        "import apsw, os, signal, sys\n"
        "connection = apsw.Connection(sys.argv[1])\n"
        "connection.execute(sys.argv[2])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(path), statement], check=False, timeout=60)
    assert ran.returncode == -signal.SIGKILL
    assert Path(f"{path}-wal").stat().st_size > 0


def overwrite(path: Path, at: int, length: int) -> None:
    """Damage some bytes of a file."""
    raw = bytearray(path.read_bytes())
    raw[at : at + length] = b"\xff" * length
    path.write_bytes(raw)


class TestBackup:
    @pytest.mark.parametrize("journal", ["delete", "wal"])
    def test_it_lies_beside_the_file_and_holds_it_as_it_was(self, tmp_path: Path, journal: str) -> None:
        path = write_before_columns(tmp_path / "turns.db", journal=journal)
        before = old_content(path)
        summary = migrate(path)
        backup = Path(summary.backup)

        assert backup.parent == tmp_path
        assert backup.name.startswith("turns.backup-")
        assert old_content(backup) == before
        assert "runtime_key" not in {name for (name,) in query(backup, "SELECT name FROM pragma_table_info('turns')")}
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, backup.name])

    def test_it_can_lie_elsewhere_or_be_left_out(self, tmp_path: Path) -> None:
        first, second = write_before_columns(tmp_path / "a.db"), write_before_columns(tmp_path / "b.db")
        (tmp_path / "safe").mkdir()

        assert migrate(first, backup=tmp_path / "safe" / "a.db").backup == str(tmp_path / "safe" / "a.db")
        assert migrate(second, backup=False).backup == ""
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.db", "b.db", "safe"]

    def test_what_the_log_holds_belongs_to_it(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db", journal="wal")
        writer = apsw.Connection(str(path))
        writer.execute('UPDATE turns SET turn_data_json = \'{"in": "log"}\'')
        backup = write_backup(path, tmp_path / "copy.db")
        writer.close()

        assert query(backup.path, "SELECT DISTINCT turn_data_json FROM turns") == [('{"in": "log"}',)]

    def test_it_shows_one_moment_although_others_write(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db", 4_000, journal="wal")
        writer = OldWriter(path, per_second=500)
        backup = write_backup(path, tmp_path / "copy.db")
        assert writer.stop()["written"] > 0

        assert verify_backup(backup.path) == backup.fingerprint

    def test_a_commit_between_its_two_looks_at_the_file_does_not_make_it_fail(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The copy's moment has begun when the connection that reads beside it opens: that one already sees more."""
        path = write_before_columns(tmp_path / "turns.db", journal="wal")
        service = apsw.Connection(str(path))
        service.execute('UPDATE turns SET turn_data_json = \'{"in": "log"}\' WHERE rowid = 5')
        before = old_content(path)
        opened: list[Path] = []
        module = sys.modules["store.migration.backup.backup"]

        def open_second_later(name: Path) -> apsw.Connection:
            opened.append(Path(name))
            if name == path and opened.count(path) == 2:
                run_sql(
                    path,
                    "UPDATE turns SET turn_data_json = '{\"between\": 1}' WHERE rowid = 7",
                    "INSERT INTO blocks SELECT 'between', content_hash, hash_algorithm, kind, role, payload_json, "
                    "block_metadata_json, first_seen_at_ms FROM blocks WHERE rowid = 1",
                )
            return open_for_reading(name)

        monkeypatch.setattr(module, "open_for_reading", open_second_later)
        backup = write_backup(path, tmp_path / "copy.db")
        service.close()

        assert opened.count(path) == 2
        assert old_content(backup.path) == before
        assert verify_backup(backup.path) == backup.fingerprint
        assert old_content(path) != before

    def test_without_a_log_writers_wait_for_it_and_it_shows_one_moment(self, tmp_path: Path) -> None:
        """A copy that let them in between its steps would begin anew after each commit, and never end beside many."""
        path = write_before_columns(tmp_path / "turns.db", 2_000, journal="delete")
        before, refused = old_content(path), []
        writer = apsw.Connection(str(path))

        def write(name: str) -> None:
            if name in {"backup: begun", "backup: copied", "backup: verified"}:
                with pytest.raises(apsw.BusyError):
                    writer.execute("UPDATE turns SET turn_data_json = '{\"late\": 1}'")
                refused.append(name)

        with failpoints.armed(write):
            backup = write_backup(path, tmp_path / "copy.db")
        writer.execute("UPDATE turns SET turn_data_json = '{\"late\": 1}'")
        writer.close()

        assert refused == ["backup: begun", "backup: copied", "backup: verified"]
        assert old_content(backup.path) == before

    @pytest.mark.parametrize("index", ["lost", "stale"])
    def test_the_log_of_a_writer_that_was_killed_belongs_to_it(self, tmp_path: Path, index: str) -> None:
        """The index of the log lies beside it as the writer left it, or is gone after a copy of the two files."""
        path = write_before_columns(tmp_path / "turns.db", journal="wal")
        write_and_die(path, 'UPDATE turns SET turn_data_json = \'{"in": "log"}\' WHERE rowid > 3')
        main, log, shared = path, Path(f"{path}-wal"), Path(f"{path}-shm")
        if index == "lost":
            shared.unlink()
        before = sha256(main), sha256(log), sorted(p.name for p in tmp_path.iterdir())
        (tmp_path / "safe").mkdir()
        backup = write_backup(path, tmp_path / "safe" / "copy.db")

        rows = "SELECT turn_data_json, count(*) FROM turns GROUP BY 1 ORDER BY 1"
        assert query(backup.path, rows) == [('{"in": "log"}', 57), ("{}", 3)]
        assert [p.name for p in (tmp_path / "safe").iterdir()] == ["copy.db"]
        assert (sha256(main), sha256(log), sorted(p.name for p in tmp_path.iterdir() if p.is_file())) == before

    def test_a_copy_that_differs_is_found_and_taken_away(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db")
        before = sha256(path)

        def meddle(name: str) -> None:
            if name == "backup: copied":
                (partial,) = tmp_path.glob("*.partial")
                run_sql(partial, "UPDATE turns SET turn_data_json = 'x' WHERE rowid = 3")

        with failpoints.armed(meddle), pytest.raises(BackupError, match=r"not what was copied: page \d+ differs"):
            migrate(path)

        assert [p.name for p in tmp_path.iterdir()] == ["turns.db"]
        assert sha256(path) == before

    def test_two_in_one_second_have_two_names(self, tmp_path: Path) -> None:
        moment = dt.datetime(2026, 2, 24, 10, 15, tzinfo=dt.UTC)
        first = default_backup_path(tmp_path / "turns.db", moment)
        first.touch()

        assert first.name == "turns.backup-20260224T101500Z.db"
        assert default_backup_path(tmp_path / "turns.db", moment).name == "turns.backup-20260224T101500Z-2.db"

    def test_two_that_began_in_one_second_both_get_a_name(self, tmp_path: Path) -> None:
        """Both found the name free when they began; the one that is ready later takes the next."""
        path = write_before_columns(tmp_path / "turns.db", journal="wal")
        earlier: list[Path] = []

        def let_another_be_ready(name: str) -> None:
            if name == "backup: verified" and not earlier:
                (partial,) = tmp_path.glob("*.partial")
                earlier.append(partial.with_suffix("").with_suffix(""))
                earlier[0].write_text("the other one's")

        with failpoints.armed(let_another_be_ready):
            backup = write_backup(path)

        assert backup.path.name == f"{earlier[0].stem}-2.db"
        assert earlier[0].read_text() == "the other one's"
        assert old_content(backup.path) == old_content(path)
        assert len(list(tmp_path.iterdir())) == 3

    def test_a_place_that_was_named_is_never_changed_for_another(self, tmp_path: Path) -> None:
        path, place = write_before_columns(tmp_path / "turns.db"), tmp_path / "named.db"

        def take_the_name(name: str) -> None:
            if name == "backup: verified":
                place.write_text("precious")

        with failpoints.armed(take_the_name), pytest.raises(BackupError, match="such a file already"):
            write_backup(path, place)

        assert place.read_text() == "precious"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["named.db", "turns.db"]


class TestRollback:
    @pytest.mark.parametrize("journal", ["delete", "wal"])
    def test_everything_comes_back(self, tmp_path: Path, journal: str) -> None:
        path = write_before_columns(tmp_path / "turns.db", journal=journal)
        before, versions = old_content(path), path.read_bytes()[18:20]
        backup = migrate(path).backup
        run_sql(path, "DELETE FROM turns WHERE rowid < 10")
        rollback(path, backup)

        assert old_content(path) == before
        assert path.read_bytes()[18:20] == versions
        assert query(path, "PRAGMA integrity_check") == [("ok",)]
        assert query(path, "SELECT name FROM sqlite_schema WHERE name LIKE 'turntruth%'") == []
        assert migrate(path, backup=False).status == "migrated"

    def test_payload_texts_come_back_as_well(self, tmp_path: Path) -> None:
        path = write_payload_table(tmp_path / "turns.db")
        before = query(path, "SELECT rowid, * FROM turns")
        backup = migrate(path).backup
        plan = plan_rollback(path, backup)
        rollback(path, backup)

        assert (plan.shape_then, plan.rows_now, plan.rows_then, plan.lost) == ("legacy_session", 4, 4, 0)
        assert query(path, "SELECT rowid, * FROM turns") == before

    def test_what_would_be_lost_is_counted_first(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db")
        backup = migrate(path).backup
        run_sql(
            path,
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) "
            "VALUES ('new', 's', 't', 5, 9999)",
            "UPDATE turns SET updated_at_ms = 77777 WHERE rowid = 3",
            "DELETE FROM turns WHERE rowid = 2",
        )
        before = sha256(path)
        plan = plan_rollback(path, backup)

        assert (plan.lost, plan.newest_lost_ms, plan.returning) == (1, 9999, 1)
        assert plan.changed == 1, "times that the migration repaired are no later versions"
        assert plan.conversations_lost == 1
        assert (plan.rows_now, plan.rows_then) == (60, 60)
        assert sha256(path) == before

    def test_a_backup_that_does_not_verify_is_not_restored(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db", 600)
        backup = Path(migrate(path).backup)
        raw = bytearray(backup.read_bytes())
        page = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'")[0][0]
        raw[(page - 1) * 4096 : (page - 1) * 4096 + 200] = b"\xff" * 200
        backup.write_bytes(raw)
        before = content(path)
        with pytest.raises(BackupError, match="damaged"):
            rollback(path, backup)

        assert content(path) == before

    def test_a_backup_whose_log_lies_beside_it_is_restored_with_it(self, tmp_path: Path) -> None:
        """A copy that somebody else made of a live file: its log came along, the index of the log did not."""
        path = write_before_columns(tmp_path / "turns.db", journal="wal")
        copied = write_before_columns(tmp_path / "copied.db", journal="wal")
        write_and_die(copied, 'UPDATE turns SET turn_data_json = \'{"in": "log"}\'')
        Path(f"{copied}-shm").unlink()
        rollback(path, copied, keep=False)

        assert query(path, "SELECT DISTINCT turn_data_json FROM turns") == [('{"in": "log"}',)]
        assert sorted(p.name for p in tmp_path.iterdir()) == ["copied.db", "copied.db-wal", "turns.db"]

    @pytest.mark.parametrize("journal", ["delete", "wal"])
    def test_a_damaged_file_is_what_a_backup_is_for(
        self, tmp_path: Path, journal: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = write_before_columns(tmp_path / "turns.db", 600, journal=journal)
        before = old_content(path)
        backup = migrate(path).backup
        page = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'turns'")[0][0]
        overwrite(path, (page - 1) * 4096, 200)
        foreseen = plan_rollback(path, backup)
        assert "malformed" in foreseen.damage
        assert (foreseen.rows_then, foreseen.rows_now) == (600, 0)

        assert cli.run(["rollback", str(path), "--to", backup, "--yes", "--quiet"]) == 0
        assert "loses everything that was written since the backup" in capsys.readouterr().out
        assert query(path, "PRAGMA integrity_check") == [("ok",)]
        assert old_content(path) == before

    @pytest.mark.parametrize("at", [0, 100], ids=["header", "schema"])
    def test_one_that_cannot_even_be_opened_is_told_how_it_is_replaced(self, tmp_path: Path, at: int) -> None:
        path = write_before_columns(tmp_path / "turns.db", 600)
        backup = migrate(path).backup
        overwrite(path, at, 90)
        before = sha256(path)
        with pytest.raises(BackupError, match=r"move it away with its -wal and -shm, and copy .*backup"):
            rollback(path, backup)

        assert sha256(path) == before

    @pytest.mark.parametrize("other", ["itself", "a conversation file"])
    def test_what_is_no_backup_is_refused(self, tmp_path: Path, other: str) -> None:
        path = write_before_columns(tmp_path / "turns.db")
        run_sql(tmp_path / "timeline.db", "CREATE TABLE timeline_conversations (conv_id TEXT)")
        backup = path if other == "itself" else tmp_path / "timeline.db"
        with pytest.raises(BackupError, match=r"the file itself|holds no turns"):
            rollback(path, backup)

    def test_a_restore_that_is_stopped_leaves_the_file_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_before_columns(tmp_path / "turns.db", 600)
        backup = migrate(path).backup
        before = content(path)

        def stop(name: str) -> None:
            if name == "rollback: pages written":
                raise KeyboardInterrupt

        monkeypatch.setattr(sys.modules["store.migration.backup.restore"], "_STEP_PAGES", 5)
        with failpoints.armed(stop), pytest.raises(KeyboardInterrupt):
            rollback(path, backup)

        assert content(path) == before
        assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_disk_without_hard_links_holds_a_backup_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_before_columns(tmp_path / "t.db", 10)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "backup.db"
    assert write_backup(path, target).path == target
    assert query(target, "SELECT count(*) FROM turns") == [(10,)]
    with pytest.raises(BackupError, match="such a file already"):
        write_backup(path, target)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.db", "t.db"]
