"""A fleet is migrated: file after file by processes of its own, in waves, until one too many is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Annotated

from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.migration.audit_manifest import write_audit_manifest
from audit.fleet.migration.crew import Ask, Crew
from audit.fleet.migration.file_work import Action, Answer, FileWork, Migrated, Outcome, Question, Standing
from audit.fleet.migration.journal import UNCHANGED, Entry, Event, FileState, Journal
from audit.fleet.migration.waves import Wave, require_unlike_files, waves_of
from audit.processes.interruption import shielded
from audit.results.record_json import read_record

NOT_BEGUN = "not_begun"
EVENTS = {Outcome.REFUSED: Event.REFUSED, Outcome.INTERRUPTED: Event.INTERRUPTED, Outcome.FAILED: Event.FAILED}

Progress = Callable[[int, int, Entry], None]
"""Is told how many files are done, of how many, and what became of the last one; by one thread at a time."""


@dataclass(frozen=True, slots=True)
class MigrationRequest:
    """What is asked.

    Attributes
    ----------
    work
        The function that migrates a file.
    canary
        Only the first so many files of the manifest; 0 for all.
    wave
        So many files before any of the next ones is begun; 0 for all at once.
    stop_at
        Begin no further file as soon as this share of all files was refused; 0 for the first one.
    jobs
        Processes at once.
    timeout_s
        Seconds after which a file is given up; 0 for never.
    """

    files: tuple[FleetFile, ...]
    work: FileWork
    canary: int = 0
    wave: int = 0
    stop_at: float = 0.0
    jobs: int = 1
    evidence: str = "all"
    rebuild: str = ""
    timeout_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MigratedFile:
    """What became of one row of the manifest."""

    tenant: Annotated[str, "The tenant."]
    path: Annotated[str, "The turns database."]
    outcome: Annotated[str, "done, refused, interrupted, failed or not_begun."]
    entry: Annotated[Entry, "The last line of the journal about it."]
    was_done: Annotated[str, "'yes' where an earlier run had done it, which its ledger confirms."] = ""


@dataclass(frozen=True, slots=True)
class FleetMigration:
    """What became of a fleet in one run."""

    folder: Annotated[str, "The folder of the migration."]
    files: Annotated[tuple[MigratedFile, ...], "One a row of the manifest, in its order."]
    waves: Annotated[tuple[int, ...], "The waves of this run."]
    canary: Annotated[int, "How many files were to be tried first, 0 for all files."] = 0
    stopped: Annotated[str, "Why it stopped before its end, '' if it did not."] = ""
    notes: Annotated[tuple[str, ...], "What a reader should know besides, a sentence each."] = ()
    audit_manifest: Annotated[str, "The manifest for the audit of what is done."] = ""

    def count(self, outcome: str) -> int:
        """How many files ended so."""
        return sum(file.outcome == outcome for file in self.files)


class _Run:
    """One run over a journal that it holds."""

    def __init__(self, journal: Journal, crew: Crew, request: MigrationRequest, progress: Progress | None) -> None:
        self._journal = journal
        self._crew = crew
        self._request = request
        self._progress = progress
        self._lock = Lock()
        self._done = self._refused = 0
        self.confirmed: set[str] = set()
        self.notes: list[str] = []
        self.waves: list[int] = []
        self.stopped = ""
        self.ended: dict[str, Entry] = {}

    def confirm(self) -> None:
        """Ask the ledgers of files that the journal calls done, and take those for not done that say otherwise."""
        done = set(self._journal.done(file.path for file in self._request.files))
        files = [file for file in self._request.files if file.path in done]
        for file, answer in self._crew.run(files, _look):
            entry = self._journal.states[file.path].last
            standing = read_record(Standing, answer.said) if answer.outcome is Outcome.DONE else None
            if standing and standing.is_complete and standing.migration_id == entry.migration_id:
                self.confirmed.add(file.path)
                if entry.backup and not Path(entry.backup).is_file():
                    self.notes.append(f"{file.tenant}: its backup is not there any more: {entry.backup}")
                continue
            why = "its ledger does not know the run any more" if standing else answer.reason
            self.notes.append(f"{file.tenant}: not taken for done as the journal says: {why}")
            self._journal.states[file.path] = FileState(replace(entry, event=Event.ROLLED_BACK))

    def migrate(self) -> None:
        """All waves that are left, or those until too many files were refused."""
        request = self._request
        for wave in waves_of(request.files, self._journal, canary=request.canary, size=request.wave):
            if self.stopped:
                return
            if wave.is_new:
                paths = tuple(file.path for file in wave.files)
                self._journal.write(Entry(Event.WAVE, wave=wave.number, paths=paths))
            self.waves.append(wave.number)
            self._migrate_wave(wave)

    def _migrate_wave(self, wave: Wave) -> None:
        def migrate_one(file: FleetFile, ask: Ask) -> Entry:
            return self._migrate_one(file, wave.number, ask)

        for _ in self._crew.run(wave.files, migrate_one):
            pass

    def _is_enough(self) -> bool:
        """Whether no further file is to be begun."""
        refused, listed, stop_at = self._refused, len(self._request.files), self._request.stop_at
        if not refused or refused < stop_at * listed:
            return False
        share = f" ({refused / listed:.1%}; stop at {stop_at:.1%})" if stop_at else ""
        self.stopped = f"{refused:,} of {listed:,} files could not be migrated{share}"
        return True

    def _migrate_one(self, file: FleetFile, wave: int, ask: Ask) -> Entry:
        """Migrate a file, with a line in the journal before and after; what became of it."""
        began = time.monotonic()
        known = self._journal.states.get(file.path)
        earlier = known.before if known is not None and known.is_begun else None
        answer = ask(Question(Action.LOOK, file.path))
        about = Entry(Event.BEGUN, wave=wave, tenant=file.tenant, path=file.path)
        if answer.outcome is Outcome.DONE:
            self._journal.write(replace(about, before=read_record(Standing, answer.said).mark))
            answer = ask(
                Question(Action.MIGRATE, file.path, evidence=self._request.evidence, rebuild=self._request.rebuild)
            )
            if answer.outcome is Outcome.REFUSED and self._is_unchanged(file, ask):
                about = replace(about, status=UNCHANGED)
        about = replace(about, seconds=round(time.monotonic() - began, 3))
        entry = _ending(about, answer, earlier)
        self._journal.write(entry)
        # In this thread, which would have begun another file, or heard of a signal, before the main one is told.
        with self._lock:
            self.ended[entry.path] = entry
            self._done += entry.event is Event.DONE
            self._refused += entry.event is not Event.DONE
            if self._is_enough():
                self._crew.begin_no_more()
            if self._progress is not None:
                self._progress(len(self.confirmed) + self._done, len(self._request.files), entry)
        return entry

    def _is_unchanged(self, file: FleetFile, ask: Ask) -> bool:
        """Whether this fleet has left nothing in the file: a full disk can stop a migration in its middle."""
        looked = ask(Question(Action.LOOK, file.path))
        before = self._journal.states[file.path].before
        return looked.outcome is Outcome.DONE and read_record(Standing, looked.said).mark == before


def _look(file: FleetFile, ask: Ask) -> tuple[FleetFile, Answer]:
    return file, ask(Question(Action.LOOK, file.path))


def _ending(about: Entry, answer: Answer, earlier: str | None) -> Entry:
    """The line that tells how a file ended; `earlier` is what its ledger said before an earlier run began with it."""
    if answer.outcome is not Outcome.DONE:
        return replace(about, event=EVENTS[answer.outcome], kind=answer.kind, reason=answer.reason)
    done = read_record(Migrated, answer.said)
    standing = done.standing
    is_ours = standing.mark != done.before or (earlier is not None and standing.mark != earlier)
    return replace(
        about,
        event=Event.DONE,
        status="migrated" if is_ours and done.status == "already_migrated" else done.status,
        migration_id=standing.migration_id,
        # What was migrated before this fleet came to it is not this fleet's to take back.
        backup=standing.backup if is_ours else "",
        backup_sha256=standing.backup_sha256 if is_ours else "",
        found_backup="" if is_ours or not Path(standing.backup).is_file() else standing.backup,
        content=done.content,
        rows=done.rows,
        filled=done.filled,
        unknown=done.unknown,
        changes=done.changes,
        warnings=done.warnings,
    )


def migrate_fleet(folder: FleetFolder, request: MigrationRequest, progress: Progress | None = None) -> FleetMigration:
    """Migrate the files of a fleet that are not done yet, in a folder that `FleetFolder.working` holds.

    Raises
    ------
    ManifestError
        Two rows lead to one file.
    JournalError, JournalWriteError
        The journal cannot be read or written. What is wrong with one file is told with it.
    """
    require_unlike_files(request.files)
    with Journal(folder.path) as journal:
        try:
            with Crew(request.work, request.jobs, request.timeout_s) as crew:
                run = _Run(journal, crew, request, progress)
                run.confirm()
                run.migrate()
        finally:
            # Also of what was done before a signal or a full disk.
            manifest = _leave_manifest(folder, request, journal)
        if not manifest:
            run.notes.append("the manifest for the audit could not be written; make room, and run the same command")
        files = tuple(_told(file, journal, run) for file in request.files)
        return FleetMigration(
            str(folder.path), files, tuple(run.waves), request.canary, run.stopped, tuple(run.notes), manifest
        )


def _leave_manifest(folder: FleetFolder, request: MigrationRequest, journal: Journal) -> str:
    """Write the manifest for the audit; '' where the disk takes none."""
    with shielded(), suppress(OSError):
        return str(write_audit_manifest(folder.path, request.files, journal))
    return ""


def _told(file: FleetFile, journal: Journal, run: _Run) -> MigratedFile:
    state = journal.states.get(file.path)
    entry = run.ended.get(file.path)
    if entry is None and state is not None and file.path in run.confirmed:
        return MigratedFile(file.tenant, file.path, Event.DONE, state.last, was_done="yes")
    if entry is None:
        return MigratedFile(file.tenant, file.path, NOT_BEGUN, state.last if state else Entry(Event.BEGUN))
    return MigratedFile(file.tenant, file.path, entry.event, entry)
