"""Files of runs for whoever asks a server for them: of a run, of a known name, and nothing else.

The server has databases open with SQLite. Whoever closes a descriptor of a file gives up all locks that the process has
on it, so that a file which is one of those by another name (a link in a run folder) is never opened here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path

from audit.certificates.certificate import CERTIFICATE_FILE, SIGNATURE_FILE
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.report.run_folder import FINDINGS_FILE, HTML_FILE, RESULTS_FILE, RUN_ID
from audit.results.run_kind import FLEET_RESULT, FLEET_TENANTS
from audit.runs.kept_run import KeptRun, read_run
from audit.runs.served.file_hashes import state_of

MEDIA_TYPES = {
    HTML_FILE: "text/html; charset=utf-8",
    RESULTS_FILE: "application/json",
    CERTIFICATE_FILE: "application/json",
    SIGNATURE_FILE: "text/plain; charset=utf-8",
    FINDINGS_FILE: "text/csv; charset=utf-8",
    FINDINGS_PARQUET: "application/vnd.apache.parquet",
    FLEET_RESULT: "application/json",
    FLEET_TENANTS: "text/csv; charset=utf-8",
}
"""The files of a run that are handed out, and as what."""

_CHUNK_BYTES = 1 << 18
_MOST_KEPT = 2_000
_SIDE_SUFFIXES = ("", "-wal", "-shm", "-journal")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RunFiles:
    """The files of the runs in a folder.

    Parameters
    ----------
    databases
        What this process has open, or may open, with SQLite.
    """

    def __init__(self, reports: Path, databases: Iterable[Path] = ()) -> None:
        self.reports = reports
        self._databases = tuple(databases)
        self._read: dict[str, tuple[object, KeptRun]] = {}

    def open(self, run_id: str, name: str) -> FileIO | None:
        """The file of a run for reading; None where there is none to be handed out."""
        if not RUN_ID.fullmatch(run_id) or name not in MEDIA_TYPES:
            return None
        try:
            folder = os.open(self.reports / run_id, _FOLDER)
        except OSError:
            return None
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode) or (found.st_dev, found.st_ino) in self._open_here():
                return None
            descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError:
            return None
        finally:
            os.close(folder)
        return FileIO(descriptor, "rb")

    def read(self, run_id: str) -> KeptRun | None:
        """What a run came to; None where there is no such folder."""
        folder = self.reports / run_id
        if not RUN_ID.fullmatch(run_id) or folder.is_symlink() or not folder.is_dir():
            return None
        for name in (RESULTS_FILE, CERTIFICATE_FILE):
            if not self.may_be_read(folder / name):
                return KeptRun(run_id, folder, None, f"{name} is a database that this server shows")
        state = _state(folder / RESULTS_FILE)
        kept = self._read.get(run_id)
        if kept is None or kept[0] != state or state is None:
            if len(self._read) >= _MOST_KEPT:
                self._read.clear()
            kept = self._read[run_id] = (state, read_run(folder))
        return kept[1]

    def may_be_read(self, path: Path) -> bool:
        """Whether a file is none of the databases, by whatever name; so is one that is not there."""
        return _identity(path) not in self._open_here()

    def readable(self, names: Iterable[str]) -> frozenset[str]:
        """Of many runs those whose results may be read."""
        databases = self._open_here()
        return frozenset(name for name in names if _identity(self.reports / name / RESULTS_FILE) not in databases)

    def _open_here(self) -> set[tuple[int, int] | None]:
        """Which files they are now: SQLite may have made new ones beside them."""
        names = (Path(f"{path}{suffix}") for path in self._databases for suffix in _SIDE_SUFFIXES)
        return {_identity(path) for path in names} - {None}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _state(path: Path) -> object:
    """What a file is at the moment; None where it cannot be looked at."""
    try:
        return state_of(path)
    except OSError:
        return None


def chunks(stream: FileIO) -> Iterator[bytes]:
    """The bytes of a file, which may be large; it is closed at their end."""
    with stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
