"""Only regular files are read, and no more of them than they may have."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from audit.certificates.digest import digest
from audit.errors import InputFileError
from audit.files.regular_file import open_regular, read_bounded
from audit.report.run_folder import load_run
from audit.results.findings_csv import read_findings


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * 3_000_000)
    assert read_bounded(path, 3_000_000) == b"a" * 3_000_000


def test_a_link_to_a_regular_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_bounded(tmp_path / "link", 100) == b"content"


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(OSError, match="more than the 1,000"):
        read_bounded(path, 1000)


def test_a_missing_file_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "absent")


@pytest.mark.parametrize(("path", "kind"), [("/dev/zero", "a device"), ("/dev/null", "a device"), ("/", "a folder")])
def test_devices_and_folders_are_refused_by_name(path: str, kind: str) -> None:
    with pytest.raises(OSError, match=f"it is {kind}, no regular file"):
        open_regular(path)


def test_a_pipe_is_refused_and_not_waited_for(pipe: Path) -> None:
    with pytest.raises(OSError, match="it is a pipe"):
        open_regular(pipe)


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="it is a socket"):
            open_regular(tmp_path / "socket")


def test_whatever_reads_a_run_refuses_a_pipe(tmp_path: Path, pipe: Path) -> None:
    with pytest.raises(OSError, match="it is a pipe"):
        digest(str(pipe))
    with pytest.raises(InputFileError, match="it is a pipe"):
        next(read_findings(pipe))
    pipe.rename(tmp_path / "results.json")
    with pytest.raises(InputFileError, match="it is a pipe"):
        load_run(tmp_path)
