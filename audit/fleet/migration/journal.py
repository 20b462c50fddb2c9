"""What was begun and done with each file of a fleet: ``migration.jsonl``, each line on the disk before the next.

The journal says what this fleet did, the ledger in each file what was done to it. Where a power cut or a full disk
keeps the last word from the journal, the ledger has it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Annotated, Self

from audit.files.permissions import PRIVATE_FILE
from audit.files.regular_file import read_bounded
from audit.fleet.fleet_folder import JOURNAL_FILE
from audit.fleet.migration.errors import JournalError, JournalWriteError
from audit.results.record_json import RecordFormatError, plain, read_record

UNCHANGED = "unchanged"
"""What is said of a file that was refused, and whose ledger says what it said before this fleet came to it."""
_LIMIT_BYTES = 1 << 30


class Event(StrEnum):
    """What a line tells."""

    WAVE = "wave"
    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    NOT_ROLLED_BACK = "not_rolled_back"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line; what is '' or 0 is not written."""

    event: Annotated[Event, "What happened."]
    at_ms: Annotated[int, "When, in ms since 1970."] = 0
    wave: Annotated[int, "The wave, from 1."] = 0
    tenant: Annotated[str, "Whose file it is."] = ""
    path: Annotated[str, "The file."] = ""
    paths: Annotated[tuple[str, ...], "All files of the wave that begins."] = ()
    before: Annotated[str, "What the ledger said before: run and state."] = ""
    status: Annotated[str, "What the migration says of the file."] = ""
    migration_id: Annotated[str, "Its run in the ledger."] = ""
    backup: Annotated[str, "Where the backup lies."] = ""
    backup_sha256: Annotated[str, "Its content hash, as the ledger has it."] = ""
    content: Annotated[str, "Hash of all that the file held when it was done."] = ""
    rows: Annotated[int, "Its turns."] = 0
    filled: Annotated[int, "Values that were filled."] = 0
    unknown: Annotated[int, "Values that nothing tells."] = 0
    changes: Annotated[int, "Cells that were changed."] = 0
    seconds: Annotated[float, "How long it took."] = 0.0
    warnings: Annotated[tuple[str, ...], "What is left over."] = ()
    kind: Annotated[str, "The name of the error."] = ""
    reason: Annotated[str, "Why it was not done."] = ""
    kept: Annotated[str, "Where the file lies that a rollback replaced."] = ""
    found_backup: Annotated[str, "The backup of a migration from before this fleet, which only its audit uses."] = ""

    def line(self) -> str:
        """The line without its end."""
        document = plain(self)
        kept = {each.name: document[each.name] for each in fields(self) if document[each.name] not in ("", 0, [])}
        return json.dumps(kept, ensure_ascii=False)


@dataclass(slots=True)
class FileState:
    """What the journal tells of one file: its last event, and what its ledger said before this fleet came to it."""

    last: Entry
    before: str = ""
    is_begun: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it was migrated, and not taken back since."""
        return self.last.event is Event.DONE

    def add(self, entry: Entry) -> None:
        """Take the next event into account."""
        if entry.event is Event.BEGUN and not self.is_begun:
            self.before, self.is_begun = entry.before, True
        elif entry.event in {Event.DONE, Event.ROLLED_BACK} or entry.status == UNCHANGED:
            self.is_begun = False
        if entry.event is not Event.NOT_ROLLED_BACK:
            self.last = entry


class Journal:
    """The journal of a folder, as a context manager for whoever writes to it; threads may share it.

    Raises
    ------
    JournalError
        A line in it cannot be read. The last one may be torn: it is taken off.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL_FILE
        self._lock = Lock()
        self._descriptor = -1
        self.states: dict[str, FileState] = {}
        self.waves: dict[int, tuple[str, ...]] = {}
        self._whole_bytes = 0

    def __enter__(self) -> Self:
        self.read()
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, PRIVATE_FILE)
            os.ftruncate(self._descriptor, self._whole_bytes)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise JournalWriteError(self.path, error.strerror or str(error)) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def is_there(self) -> bool:
        """Whether anything was ever written."""
        return self._whole_bytes > 0

    def read(self) -> None:
        """Read what is there, which changes nothing."""
        try:
            text = read_bounded(self.path, _LIMIT_BYTES)
        except FileNotFoundError:
            return
        except OSError as error:
            raise JournalError(
                self.path, error.strerror or str(error), "Name the folder of a fleet's migration"
            ) from error
        self._whole_bytes = text.rfind(b"\n") + 1
        for number, line in enumerate(text[: self._whole_bytes].splitlines(), 1):
            try:
                self._take(read_record(Entry, json.loads(line)))
            except (ValueError, RecordFormatError) as error:
                remedy = "Put the line right, or migrate with another --out: ledgers and backups lie with the files"
                raise JournalError(self.path, f"line {number} cannot be read ({error})", remedy) from None

    def write(self, entry: Entry) -> None:
        """Write an event down, and return when it is on the disk.

        Raises
        ------
        JournalWriteError
            It cannot be.
        """
        stamped = Entry(**{each.name: getattr(entry, each.name) for each in fields(entry)} | {"at_ms": _now_ms()})
        line = f"{stamped.line()}\n".encode()
        with self._lock:
            try:
                _write_all(self._descriptor, line)
                os.fsync(self._descriptor)
            except OSError as error:
                raise JournalWriteError(self.path, error.strerror or str(error)) from error
            self._take(stamped)

    def _take(self, entry: Entry) -> None:
        if entry.event is Event.WAVE:
            self.waves[entry.wave] = entry.paths
        elif entry.path in self.states:
            self.states[entry.path].add(entry)
        else:
            self.states[entry.path] = FileState(entry)
            self.states[entry.path].add(entry)

    def done(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that were migrated, and not taken back since."""
        return [path for path in paths if path in self.states and self.states[path].is_done]


def _write_all(descriptor: int, line: bytes) -> None:
    """Write a line, or take off again what of it was written: the next one must not stand behind half of it."""
    at = os.fstat(descriptor).st_size
    try:
        while line:
            line = line[os.write(descriptor, line) :]
    except OSError:
        os.ftruncate(descriptor, at)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
