"""Who wants to be alone with a file is refused while others migrate it, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.migration import BeingMigratedError, migrate, writing
from support.files.migration_files import write_before_columns

_HOLD = """
import sys
from store.migration import writing
with writing(sys.argv[1], alone=sys.argv[2] == "alone"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(path: Path, repository: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock, alone or beside others."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), how],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.communicate()


@pytest.mark.parametrize(("other", "alone", "admitted"), [("alone", True, False), ("alone", False, False)])
def test_one_that_is_alone_admits_nobody(
    tmp_path: Path, repository: Path, other: str, alone: bool, admitted: bool
) -> None:
    path = write_before_columns(tmp_path / "turns.db", 3)

    with (
        held(path, repository, other),
        pytest.raises(BeingMigratedError, match="another process"),
        writing(path, alone=alone),
    ):
        pytest.fail("it was let in")
    with writing(path, alone=True):
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["turns.db"]
    assert not admitted


def test_several_that_are_not_alone_go_on_together(tmp_path: Path, repository: Path) -> None:
    path = write_before_columns(tmp_path / "turns.db", 3)

    with held(path, repository, "beside others"):
        with writing(path, alone=False):
            pass
        with pytest.raises(BeingMigratedError), writing(path, alone=True):
            pytest.fail("it was let in")


def test_the_lock_is_gone_with_a_killed_process(tmp_path: Path, repository: Path) -> None:
    path = write_before_columns(tmp_path / "turns.db", 3)

    with held(path, repository, "alone") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with writing(path, alone=True):
            assert migrate(path, backup=False).status == "migrated"


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path, repository: Path) -> None:
    path = write_before_columns(tmp_path / "turns.db", 3)
    (tmp_path / "link.db").symlink_to(path)

    with (
        held(path, repository, "alone"),
        pytest.raises(BeingMigratedError),
        writing(tmp_path / "link.db", alone=True),
    ):
        pytest.fail("it was let in")


def test_what_is_no_file_is_told_by_whoever_opens_it(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.db"):
        with writing(path, alone=True):
            pass
