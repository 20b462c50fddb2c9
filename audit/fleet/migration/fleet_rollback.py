"""A wave of a fleet, or all of it, is taken back to the backups that its migration wrote."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated

from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.migration.audit_manifest import keep_rows_that_are_done
from audit.fleet.migration.crew import Ask, Crew
from audit.fleet.migration.errors import JournalError
from audit.fleet.migration.file_work import Action, FileWork, Outcome, Question, RolledBack, Standing
from audit.fleet.migration.journal import Entry, Event, FileState, Journal
from audit.processes.interruption import shielded
from audit.results.record_json import read_record

Progress = Callable[[int, int, Entry], None]
UNFINISHED = {Event.BEGUN, Event.INTERRUPTED, Event.FAILED, Event.REFUSED}


@dataclass(frozen=True, slots=True)
class FleetRollback:
    """What became of each file that was to be taken back, those that were migrated last first."""

    folder: Annotated[str, "The folder of the migration."]
    wave: Annotated[int, "The wave, 0 for all."]
    files: Annotated[tuple[Entry, ...], "What the journal tells of each."]

    def count(self, event: Event) -> int:
        """How many ended so."""
        return sum(entry.event is event for entry in self.files)


def files_to_roll_back(journal: Journal, wave: int = 0) -> tuple[FileState, ...]:
    """The files that this fleet has migrated or begun, in the order in which they are taken back.

    Raises
    ------
    JournalError
        There is no such journal, or no such wave in it.
    """
    if not journal.is_there:
        raise JournalError(
            journal.path, "there is no journal of a migration here", "Name the folder given to --out of `fleet migrate`"
        )
    if wave and wave not in journal.waves:
        known = ", ".join(map(str, sorted(journal.waves))) or "none"
        raise JournalError(journal.path, f"there is no wave {wave}", f"Waves of this migration are: {known}")
    found = [state for state in journal.states.values() if not wave or state.last.wave == wave]
    going = [state for state in found if _is_ours(state)]
    return tuple(sorted(going, key=lambda state: state.last.at_ms, reverse=True))


def _is_ours(state: FileState) -> bool:
    """Whether there is anything of this fleet to take back, as far as the journal knows."""
    return (state.is_done and bool(state.last.backup)) or (state.is_begun and state.last.event in UNFINISHED)


def roll_back_fleet(
    folder: FleetFolder,
    work: FileWork,
    *,
    wave: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> FleetRollback:
    """Take back what a fleet has done, in a folder that `FleetFolder.working` holds.

    A file that was changed since its migration is left as it is, and told; the others go on.

    Raises
    ------
    JournalError, JournalWriteError
        The journal cannot be read or written, or has no such wave.
    """
    with Journal(folder.path) as journal:
        states = files_to_roll_back(journal, wave)

        def roll_back_one(state: FileState, ask: Ask) -> Entry:
            entry = _rolled_back(state, ask)
            journal.write(entry)
            return entry

        ended: list[Entry] = []
        try:
            with Crew(work, jobs) as crew:
                for entry in crew.run(states, roll_back_one):
                    ended.append(entry)
                    if progress is not None:
                        progress(len(ended), len(states), entry)
        finally:
            with shielded(), suppress(OSError):
                keep_rows_that_are_done(folder.path, journal)
        return FleetRollback(str(folder.path), wave, tuple(ended))


def _rolled_back(state: FileState, ask: Ask) -> Entry:
    """Take a file back; what became of it."""
    began = time.monotonic()
    last = state.last
    about = Entry(Event.NOT_ROLLED_BACK, wave=last.wave, tenant=last.tenant, path=last.path, backup=last.backup)
    question = Question(
        Action.ROLL_BACK, last.path, backup=last.backup, backup_sha256=last.backup_sha256, content=last.content
    )
    if not state.is_done:
        # How far it came only its ledger knows.
        looked = ask(Question(Action.LOOK, last.path))
        if looked.outcome is not Outcome.DONE:
            return replace(about, kind=looked.kind, reason=looked.reason)
        standing = read_record(Standing, looked.said)
        if standing.mark == state.before:
            return replace(about, event=Event.ROLLED_BACK, status="nothing_was_changed")
        question = replace(question, backup=standing.backup, backup_sha256=standing.backup_sha256, content="")
    answer = ask(question)
    about = replace(about, backup=question.backup, seconds=round(time.monotonic() - began, 3))
    if answer.outcome is not Outcome.DONE:
        return replace(about, kind=answer.kind, reason=answer.reason)
    done = read_record(RolledBack, answer.said)
    status = "was_there" if done.was_there else "rolled_back"
    return replace(about, event=Event.ROLLED_BACK, status=status, kept=done.kept)
