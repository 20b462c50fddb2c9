from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from audit.runs.served.run_file import MEDIA_TYPES, RunFiles, chunks
from support.audits.certified_run import kept_runs
from support.audits.run_folders import a_kept_run
from support.files.file_locks import is_locked_for_others


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return kept_runs(tmp_path).reports


def test_the_files_of_a_run_are_handed_out_byte_by_byte(reports: Path) -> None:
    files = RunFiles(reports)

    for name in MEDIA_TYPES.keys() - {"certificate.json.sig", "fleet.json", "tenants.csv"}:
        stream = files.open("clean", name)
        assert stream is not None
        assert b"".join(chunks(stream)) == (reports / "clean" / name).read_bytes()
        assert stream.closed


@pytest.mark.parametrize(
    ("run_id", "name"),
    [
        ("..", "turns.db"),
        (".", "index.html"),
        ("", "index.html"),
        ("clean", ".."),
        ("clean", "../damaged/index.html"),
        ("clean/../damaged", "index.html"),
        ("%2e%2e", "index.html"),
        ("clean", "fingerprints.parquet"),
        ("clean", "index.html\0"),
        ("clean\0", "index.html"),
        ("clean\n", "index.html"),
        ("missing", "index.html"),
        ("clean", "certificate.json.sig"),
    ],
)
def test_nothing_else_is(run_id: str, name: str, reports: Path) -> None:
    assert RunFiles(reports).open(run_id, name) is None


def test_links_are_not_followed(reports: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (reports / "linked").symlink_to(reports / "clean")
    (reports / "damaged" / "index.html").unlink()
    (reports / "damaged" / "index.html").symlink_to(tmp_path / "secret")
    files = RunFiles(reports)

    assert files.open("linked", "index.html") is None
    assert files.read("linked") is None
    assert files.open("damaged", "index.html") is None


def test_pipes_hold_nobody_up(reports: Path) -> None:
    (reports / "clean" / "findings.csv").unlink()
    os.mkfifo(reports / "clean" / "findings.csv")

    assert RunFiles(reports).open("clean", "findings.csv") is None


class TestADatabaseByAnotherName:
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Path]:
        path = tmp_path / "live.db"
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute("PRAGMA journal_mode = wal; CREATE TABLE turns (a)").fetchall()
            yield path

    def test_it_is_never_opened_so_that_its_locks_stay(self, database: Path, tmp_path: Path) -> None:
        run = a_kept_run(tmp_path / "reports", 1, run_id="one")
        for name in ("findings.csv", "index.html", "results.json"):
            (run / name).unlink()
            (run / name).hardlink_to(database)
        files = RunFiles(tmp_path / "reports", [database])
        assert is_locked_for_others(database)

        assert files.open("one", "findings.csv") is None
        assert files.open("one", "index.html") is None
        found = files.read("one")
        assert found is not None
        assert found.problem == "results.json is a database that this server shows"
        assert files.readable(["one"]) == set()
        assert is_locked_for_others(database)

    def test_its_log_neither(self, database: Path, tmp_path: Path) -> None:
        run = a_kept_run(tmp_path / "reports", 1, run_id="one")
        (run / "findings.csv").unlink()
        (run / "findings.csv").hardlink_to(f"{database}-shm")

        assert RunFiles(tmp_path / "reports", [database]).open("one", "findings.csv") is None

    def test_the_proof_that_these_can_fail(self, database: Path, tmp_path: Path) -> None:
        (tmp_path / "other.db").hardlink_to(database)
        assert is_locked_for_others(database)

        (tmp_path / "other.db").open("rb").close()

        assert not is_locked_for_others(database)


def test_what_was_read_is_kept_until_it_changes(tmp_path: Path) -> None:
    run = a_kept_run(tmp_path, 1, run_id="one")
    files = RunFiles(tmp_path)
    first = files.read("one")

    assert files.read("one") is first
    (run / "results.json").write_text("{")

    again = files.read("one")
    assert again is not None
    assert again.result is None
