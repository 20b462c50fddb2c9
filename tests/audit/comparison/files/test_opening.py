"""Both files are read without being changed, whatever state they are in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from audit.comparison.files.opening import AFTER, BEFORE, open_pair
from audit.errors import InputFileError
from support.files.proof_files import differences, make_pair, run

PUBLIC_PLACE = tempfile.gettempdir()


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Name, time of change and content of every file."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return make_pair(tmp_path)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="turntruth-test-", dir=PUBLIC_PLACE) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for path in folder.iterdir():
            path.chmod(0o755)


CHANGE = "UPDATE turns SET turn_data_json = 'changed' WHERE turn_id = 't1'"


def leave_wal(path: Path) -> None:
    """Change a turn so that the change lies in the WAL only, which stays behind as after a crash."""
    run(path, "PRAGMA journal_mode = WAL")
    connection = apsw.Connection(str(path))
    connection.pragma("wal_autocheckpoint", 0)
    connection.execute(CHANGE)
    crashed = path.with_name("crashed")
    crashed.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{path}{suffix}", crashed / f"{path.name}{suffix}")
    connection.close()
    for suffix in ("", "-wal"):
        shutil.move(crashed / f"{path.name}{suffix}", f"{path}{suffix}")
    crashed.rmdir()


class TestNothingIsLeftBehind:
    @pytest.mark.parametrize("which", [0, 1])
    def test_a_wal_file_without_side_files(self, pair: tuple[Path, Path], which: int) -> None:
        run(pair[which], "PRAGMA journal_mode = WAL")
        before = state(pair[0].parent)
        assert differences(*pair) == []
        assert state(pair[0].parent) == before

    def test_a_wal_with_changes_and_no_index_of_it_is_read(self, pair: tuple[Path, Path]) -> None:
        leave_wal(pair[0])
        before = state(pair[0].parent)
        assert set(before) == {"after.db", "after.db-wal", "before.db"}
        assert [row["turn_id"] for row in differences(*pair)] == ["t1"]
        assert state(pair[0].parent) == before

    def test_a_folder_without_write_permission(self, public_folder: Path) -> None:
        data, out = public_folder / "data", public_folder / "out"
        for folder in (data, out):
            folder.mkdir()
        pair = make_pair(data)
        run(pair[0], "PRAGMA journal_mode = WAL")
        out.chmod(0o777)
        data.chmod(0o555)
        before = state(data)
        # Permissions do not bind the superuser, so the child becomes nobody; imports come before that.
        source = (
            "import locale, os, sys; from audit.comparison.__main__ import main;"
            " os.geteuid() == 0 and os.setuid(65534); sys.exit(main(sys.argv[1:]))"
        )
        arguments = ["--turns", str(pair[0]), "--baseline", str(pair[1]), "--out", str(out)]
        done = subprocess.run(
            [sys.executable, "-c", source, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"TMPDIR": str(out)},
        )
        assert (done.stderr, done.returncode) == ("", 0)
        assert state(data) == before
        assert {path.name for path in out.iterdir()} == {"differences.ndjson", "summary.json"}

    def test_a_transaction_that_a_crash_cut_short_is_undone_in_a_copy(self, pair: tuple[Path, Path]) -> None:
        path = pair[0]
        run(path, "PRAGMA page_size = 512", "VACUUM")
        connection = apsw.Connection(str(path))
        connection.pragma("cache_size", 1)
        connection.execute("BEGIN")
        connection.execute(CHANGE)
        connection.execute("CREATE TABLE spill AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
                           " SELECT i, hex(randomblob(100)) FROM n")  # fmt: skip
        for name in (path, path.with_name(f"{path.name}-journal")):
            shutil.copyfile(name, f"{name}.crash")
        connection.execute("ROLLBACK")
        connection.close()
        for name in (path, path.with_name(f"{path.name}-journal")):
            shutil.move(f"{name}.crash", name)
        before = state(path.parent)
        assert "after.db-journal" in before
        assert differences(*pair) == []
        assert state(path.parent) == before


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
    def test_files_of_different_encodings_are_compared_row_by_row(
        self, pair: tuple[Path, Path], tmp_path: Path, encoding: str
    ) -> None:
        run(pair[1], "UPDATE turns SET turn_data_json = '{\"é\": \"在庫\"}' WHERE turn_id = 't0'")
        dumped = tmp_path / "dumped.db"
        source = apsw.Connection(str(pair[1]))
        copy = apsw.Connection(str(dumped))
        copy.pragma("encoding", encoding)
        for (sql,) in source.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall():
            copy.execute(str(sql))
        for table in ("turns", "blocks", "turn_block_membership"):
            rows = source.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
            copy.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        copy.close()
        source.close()
        found = differences(dumped, pair[1])
        assert found == [{"kind": "pragma", "key": '{"pragma":"encoding"}', "expected": "UTF-8", "found": encoding}]
        run(dumped, "UPDATE turns SET turn_id = 'é' WHERE turn_id = 't1'")
        assert {(row["kind"], row.get("turn_id")) for row in differences(dumped, pair[1])} == {
            ("pragma", None),
            ("changed", "t1"),
        }


class TestConnection:
    def test_nothing_can_be_written_through_it(self, pair: tuple[Path, Path]) -> None:
        with open_pair(*pair) as opened:
            for schema in (BEFORE, AFTER):
                with pytest.raises(apsw.ReadOnlyError):
                    opened.connection.execute(f"DELETE FROM {schema}.turns")

    def test_both_files_are_seen_as_they_were_at_the_beginning(self, pair: tuple[Path, Path]) -> None:
        for path in pair:
            run(path, "PRAGMA journal_mode = WAL")
        with keep_open(pair[0]), keep_open(pair[1]), open_pair(*pair) as opened:
            count = "SELECT (SELECT count(*) FROM before.turns), (SELECT count(*) FROM after.turns)"
            first = opened.connection.execute(count).fetchall()
            delete = "import sys, apsw; c = apsw.Connection(sys.argv[1]); c.execute('DELETE FROM turns'); c.close()"
            for path in pair:
                subprocess.run([sys.executable, "-c", delete, str(path)], check=True)
            assert opened.connection.execute(count).fetchall() == first == [(3, 3)]

    @pytest.mark.parametrize("name", ["it's.db", "with space.db", "q?mark#hash%41.db", "ünï-在庫.db"])
    def test_any_name_of_a_file(self, pair: tuple[Path, Path], name: str) -> None:
        path = pair[0].rename(pair[0].with_name(name))
        assert differences(path, pair[1]) == []
        assert {entry.name for entry in path.parent.iterdir()} == {name, "before.db"}


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "no such file"),
            (b"", "the file is empty"),
            (b"not a database at all, but long enough to be read as one" * 9, "not a SQLite database"),
        ],
    )
    def test_a_file_that_is_no_database_is_named(
        self, pair: tuple[Path, Path], content: bytes | None, message: str
    ) -> None:
        pair[1].unlink()
        if content is not None:
            pair[1].write_bytes(content)
        with pytest.raises(InputFileError, match=message) as caught:
            differences(*pair)
        assert caught.value.path == str(pair[1])
        assert pair[1].exists() == (content is not None)

    def test_a_file_that_somebody_keeps_locked(self, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audit.comparison.files.opening.BUSY_TIMEOUT_MS", 1)
        with keep_open(pair[0], "BEGIN EXCLUSIVE"), pytest.raises(InputFileError, match="keeps the file locked"):
            differences(*pair)


class keep_open:  # noqa: N801  reads as a statement
    """Another process that has the file open, after running a statement."""

    def __init__(self, path: Path, statement: str = "SELECT count(*) FROM turns") -> None:
        source = (
            "import sys, apsw; c = apsw.Connection(sys.argv[1]); c.execute(sys.argv[2]).fetchall();"
            " print('open', flush=True); sys.stdin.read()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, str(path), statement],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "open\n"

    def __exit__(self, *_: object) -> None:
        self.process.communicate(input="")


@pytest.fixture(autouse=True)
def temporary_folder_stays_empty(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("private")
    folder.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield
    assert list(folder.iterdir()) == []
