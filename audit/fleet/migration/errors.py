"""What can go wrong when a fleet is migrated or taken back; what is wrong with one of its files is told with it."""

from __future__ import annotations

from audit.errors import UsageError
from audit.fleet.errors import FleetError


class JournalError(FleetError, UsageError):
    """The journal of a migration cannot be read, or tells what it cannot."""

    def __init__(self, path: object, problem: str, remedy: str) -> None:
        self.path = str(path)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{path}: {problem}. {remedy}")


class JournalWriteError(FleetError):
    """A line cannot be brought to the disk, without which no file is begun."""

    def __init__(self, path: object, problem: str) -> None:
        self.path = str(path)
        self.problem = problem
        super().__init__(
            f"{path}: the journal cannot be written: {problem}. No further file was begun; make room there, and run "
            "the same command again: what is done by now is found in the files' own ledgers"
        )


class ChangedSinceError(FleetError, UsageError):
    """A file holds something else than its migration left there, and going back would lose that."""

    def __init__(self, path: object, found: str, backup: str) -> None:
        self.path = str(path)
        self.found = found
        self.backup = backup
        super().__init__(
            f"{path}: it was changed since its migration: {found}. Nothing was changed; to see what going back would "
            f"lose, run: turntruth rollback {path} --to {backup}"
        )


class OtherThanWrittenError(FleetError, UsageError):
    """What lies where the backup was written is another file by now."""

    def __init__(self, path: object, backup: str, recorded: str, found: str) -> None:
        self.path = str(path)
        self.backup = backup
        self.recorded = recorded
        self.found = found
        super().__init__(
            f"{backup}: this is not the backup that the migration of {path} wrote: its content hash is {found[:16]}…, "
            f"recorded is {recorded[:16]}…. Put that backup there again; nothing was changed"
        )


class NothingToGoBackToError(FleetError, UsageError):
    """No backup is known of a file, or what there was is gone."""

    def __init__(self, path: object, problem: str) -> None:
        self.path = str(path)
        self.problem = problem
        super().__init__(f"{path}: {problem}. Nothing was changed; go back by a copy of your own")
