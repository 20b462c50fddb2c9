"""The folder of a fleet: what was asked, one outcome a file, and what was made of all of them.

Each outcome is written under a name for the meantime and renamed when it is complete, so that whatever lies there is
whole, however its writer ended. One process at a time writes to a fleet.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from audit.errors import InputFileError
from audit.files.permissions import PRIVATE, PRIVATE_FOLDER
from audit.files.private_folder import PrivateFolder, remove_left_behind
from audit.files.regular_file import read_bounded
from audit.files.whole_file import write_whole
from audit.fleet.errors import FleetFolderError, FleetInUseError, FleetWriteError
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.outcome import Outcome, checks_from_json
from audit.processes.interruption import shielded
from audit.results import run_kind
from audit.results.record_json import RecordFormatError, plain, read_record
from audit.results.records import CheckResult

Read = TypeVar("Read")

MANIFEST_FILE = run_kind.FLEET_MANIFEST
CATALOGUE_FILE = "catalogue.json"
OUTCOMES = run_kind.FLEET_OUTCOMES
OUTCOME_FILE = "outcome.json.gz"
FINDINGS_FILE = "findings.parquet"
LOCK_FILE = ".lock"
JOURNAL_FILE = run_kind.MIGRATION_JOURNAL
"""What a migration of the fleet writes down, see `audit.fleet.migration.journal`."""
AUDIT_MANIFEST_FILE = "audit-manifest.csv"
"""The manifest that a migration of the fleet leaves for its audit."""
_OWN = {LOCK_FILE, OUTCOMES, CATALOGUE_FILE, JOURNAL_FILE, AUDIT_MANIFEST_FILE}
LIMIT_BYTES = 1 << 30

UNFINISHED = re.compile(r"\.[0-9a-f]{24}\.[0-9a-f]{16}\.unfinished", re.ASCII)
"""Names of the hidden folders in which outcomes are written."""


class FleetFolder:
    """The folder of one fleet; `working` is held by whoever writes to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def outcomes(self) -> Path:
        """Where the outcomes lie, a folder each."""
        return self.path / OUTCOMES

    def place_of(self, file: FleetFile) -> Path:
        """The folder of a file's outcome: by its path, so that it stays where it is when the manifest grows."""
        return self.outcomes / hashlib.sha256(file.path.encode(errors="surrogateescape")).hexdigest()[:24]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Be the one process that writes here.

        Raises
        ------
        FleetInUseError
            Another one is.
        FleetFolderError
            The folder cannot be made, or is another one's.
        """
        try:
            entries = {entry.name for entry in self.path.iterdir()} if self.path.exists() else set()
            if MANIFEST_FILE not in entries and not entries <= _OWN:
                raise FleetFolderError(self.path, "this folder holds other things", "Name a new folder with --out")
            self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.outcomes.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            remove_left_behind(self.outcomes, UNFINISHED)
            descriptor = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise FleetFolderError(self.path, error.strerror or str(error), "Name a folder you may write to") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise FleetInUseError(self.path) from None
        finally:
            os.close(descriptor)

    def write_request(self, files: Sequence[FleetFile], options: FleetOptions, checks: str) -> None:
        """Write down what is asked, before any file is read; ``FleetWriteError`` where the disk is full."""
        asked = {"files": [plain(file) for file in files], "options": plain(options)}
        with self._writing():
            write_whole(self.path / CATALOGUE_FILE, checks, PRIVATE)
            write_whole(self.path / MANIFEST_FILE, json.dumps(asked, ensure_ascii=False, indent=1) + "\n", PRIVATE)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FleetWriteError(self.path, error.strerror or str(error)) from error

    def read_request(self) -> tuple[tuple[FleetFile, ...], FleetOptions]:
        """The files and the options of the fleet; ``InputFileError`` where there is none."""
        document = self._read(MANIFEST_FILE, json.loads)
        try:
            files = tuple(read_record(FleetFile, each) for each in document["files"])
            return files, read_record(FleetOptions, document["options"])
        except (KeyError, TypeError) as error:
            raise RecordFormatError(MANIFEST_FILE, "files and options", str(error)) from error

    def read_checks(self) -> dict[str, CheckResult]:
        """The checks of the fleet by name."""
        return self._read(CATALOGUE_FILE, checks_from_json)

    def _read(self, name: str, read: Callable[[bytes], Read]) -> Read:
        path = self.path / name
        try:
            return read(read_bounded(path, LIMIT_BYTES))
        except OSError as error:
            problem = error.strerror or str(error)
            raise InputFileError(
                path, problem, "Name the folder of a fleet, as `turntruth fleet audit` made it"
            ) from error
        except ValueError as error:
            raise RecordFormatError(name, "JSON", str(error)) from error

    def read_outcome(self, file: FleetFile, checks: dict[str, CheckResult]) -> Outcome | None:
        """The outcome of a file, None where there is none that can be read."""
        try:
            outcome = Outcome.from_bytes(read_bounded(self.place_of(file) / OUTCOME_FILE, LIMIT_BYTES), checks)
        except (OSError, RecordFormatError):
            return None
        return outcome if outcome.path == file.path and outcome.tenant == file.tenant else None

    @contextmanager
    def new_place(self, file: FleetFile) -> Iterator[Path]:
        """A folder for the outcome of a file, which takes the place of an earlier one when the block ends well."""
        target = self.place_of(file)
        with PrivateFolder(self.outcomes, f".{target.name}.", ".unfinished") as private:
            unfinished = private / target.name
            unfinished.mkdir(mode=PRIVATE_FOLDER)
            yield unfinished
            _replace(target, unfinished, private / "earlier")

    def write_error(self, file: FleetFile, key: str, cause: str, error: str) -> None:
        """The outcome of a file that could not be read; ``FleetWriteError`` where the disk is full."""
        with self._writing(), self.new_place(file) as place:
            (place / OUTCOME_FILE).write_bytes(Outcome(file.tenant, file.path, key, error, cause).to_bytes())

    def forget_others(self, files: Sequence[FleetFile]) -> None:
        """Remove the outcomes of files that the manifest does not list any more."""
        kept = {self.place_of(file).name for file in files}
        for entry in self.outcomes.iterdir():
            if not entry.name.startswith(".") and entry.name not in kept:
                shutil.rmtree(entry, ignore_errors=True)


def _replace(target: Path, unfinished: Path, earlier: Path) -> None:
    with shielded():
        with suppress(FileNotFoundError):
            target.rename(earlier)
        unfinished.rename(target)
