from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.errors import InputFileError
from audit.runs.index_file import IndexFileError, is_ours, renew_index
from audit.runs.kept_run import run_names
from support.audits.certified_run import kept_runs
from support.audits.run_folders import a_kept_run

LINK = re.compile(r'<th scope="row"><a href="([a-z0-9_]+)/index\.html">')


def listed(out_dir: Path) -> list[str]:
    return LINK.findall((out_dir / "index.html").read_text(encoding="utf-8"))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_lists_the_runs_and_is_written_anew_when_one_has_come(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1, run_id="first")
    assert renew_index(tmp_path) == tmp_path / "index.html"
    assert listed(tmp_path) == ["first"]

    a_kept_run(tmp_path, 2, run_id="second")
    renew_index(tmp_path)

    assert listed(tmp_path) == ["second", "first"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["first", "index.html", "second"]
    assert (tmp_path / "index.html").stat().st_nlink == 1


def test_runs_of_version_0_1_and_folders_of_others_are_listed_or_told(tmp_path: Path) -> None:
    reports = kept_runs(tmp_path).reports
    (reports / "assets").mkdir()

    renew_index(reports)

    assert sorted(listed(reports)) == ["clean", "damaged"]
    assert "<code>assets</code>: " in (reports / "index.html").read_text()


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a page of somebody": lambda path: path.write_text("<!doctype html><title>mine</title>"),
    "an empty file": lambda path: path.write_text(""),
    "a database": lambda path: path.write_bytes(b"SQLite format 3\0" + b"\0" * 500),
    "the mark far down": lambda path: path.write_text(" " * 600 + '<meta name="generator" content="turntruth runs">'),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_not_ours_stays_as_it_is(kind: str, tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1)
    index = tmp_path / "index.html"
    FOREIGN[kind](index)
    before = index.lstat()

    with pytest.raises(IndexFileError, match=r"this file is not turntruth's, so it stays"):
        renew_index(tmp_path)

    assert index.lstat() == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"index.html", "run_20260301t101500z_ab12"}


def test_a_link_to_an_index_of_ours_is_not_followed(tmp_path: Path) -> None:
    a_kept_run(tmp_path / "other", 1)
    kept = renew_index(tmp_path / "other")
    text = kept.read_bytes()
    a_kept_run(tmp_path / "reports", 2)
    (tmp_path / "reports" / "index.html").symlink_to(kept)

    with pytest.raises(IndexFileError):
        renew_index(tmp_path / "reports")

    assert kept.read_bytes() == text


def test_the_page_of_a_run_is_not_taken_for_the_index(tmp_path: Path) -> None:
    """Somebody audits with ``--out`` the folder of a run."""
    run = a_kept_run(tmp_path, 1)
    page = (run / "index.html").read_bytes()
    a_kept_run(run, 2)

    with pytest.raises(IndexFileError):
        renew_index(run)

    assert (run / "index.html").read_bytes() == page


@pytest.mark.parametrize(
    ("modes", "umask", "wanted"),
    [
        ((0o644, 0o644), 0o022, 0o644),
        ((0o644, 0o640), 0o022, 0o640),
        ((0o644, 0o600), 0o022, 0o600),
        ((0o664, 0o664), 0o077, 0o600),
    ],
)
def test_whoever_may_read_every_run_may_read_it(
    modes: tuple[int, int], umask: int, wanted: int, tmp_path: Path
) -> None:
    for day, mode in enumerate(modes, start=1):
        run = a_kept_run(tmp_path, day)
        run.chmod(0o755)
        (run / "results.json").chmod(mode)
    tmp_path.chmod(0o755)
    before = os.umask(umask)
    try:
        renew_index(tmp_path)
    finally:
        os.umask(before)

    assert mode_of(tmp_path / "index.html") == wanted
    assert mode_of(tmp_path) == 0o755


def test_a_folder_that_nobody_else_may_enter_closes_the_index_too(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1).joinpath("results.json").chmod(0o644)
    (tmp_path / "damaged").mkdir(0o700)

    renew_index(tmp_path)

    assert mode_of(tmp_path / "index.html") == 0o600


def test_a_folder_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputFileError):
        renew_index(tmp_path / "reports")

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_former_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_kept_run(tmp_path, 1, run_id="first")
    renew_index(tmp_path)
    a_kept_run(tmp_path, 2, run_id="second")

    def is_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", is_full)
    with pytest.raises(IndexFileError, match=r"No space left on device\. The runs themselves are complete"):
        renew_index(tmp_path)

    assert listed(tmp_path) == ["first"]
    assert {entry.name for entry in tmp_path.iterdir()} == {"first", "second", "index.html"}


def test_only_what_says_so_at_its_start_is_ours(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1)

    assert is_ours(renew_index(tmp_path))
    assert not is_ours(tmp_path / "missing.html")


WRITER = """
import sys
from collections.abc import Callable
from pathlib import Path
from audit.runs.index_file import renew_index
from support.audits.run_folders import a_kept_run
out, number = Path(sys.argv[1]), int(sys.argv[2])
sys.stdin.read()
for round in range(4):
    a_kept_run(out, 1 + round, run_id=f"run_{number}_{round}")
    renew_index(out)
"""


def test_beside_others_that_write_too_the_last_index_has_every_run(tmp_path: Path, repository: Path) -> None:
    environment = os.environ | {"PYTHONPATH": f"{repository}:{repository / 'tests'}"}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        for number in range(3)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()  # so that all begin at once
        writer.stdin = None
    said = [writer.communicate(timeout=120)[1] for writer in writers]

    assert [writer.returncode for writer in writers] == [0] * 3, said
    assert len(run_names(tmp_path)) == 12
    assert sorted(listed(tmp_path)) == sorted(run_names(tmp_path))
    assert {entry.name for entry in tmp_path.iterdir()} == {*run_names(tmp_path), "index.html"}


def test_a_run_whose_name_was_changed_is_linked_by_the_name_it_has(tmp_path: Path) -> None:
    run = a_kept_run(tmp_path, 1)
    assert json.loads((run / "results.json").read_text())["run_id"] == "run_20260301t101500z_ab12"
    run.rename(tmp_path / "moved")

    renew_index(tmp_path)

    assert listed(tmp_path) == ["moved"]
