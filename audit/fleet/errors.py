"""What can go wrong with a fleet as a whole; what goes wrong with one of its files is an outcome, no error."""

from __future__ import annotations

from audit.errors import AuditError, UsageError


class FleetError(AuditError):
    """Base of the errors of this room."""


class ManifestError(FleetError, UsageError):
    """The list of files cannot be used; ``where`` is the manifest, with the row if it is one of a row."""

    def __init__(self, where: str, problem: str, remedy: str) -> None:
        self.where = where
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{where}: {problem}. {remedy}")


class FleetFolderError(FleetError, UsageError):
    """The folder of a fleet cannot be used as it was asked for."""

    def __init__(self, folder: object, problem: str, remedy: str) -> None:
        self.folder = str(folder)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{folder}: {problem}. {remedy}")


class FleetInUseError(FleetFolderError):
    """Another process writes to the folder."""

    def __init__(self, folder: object) -> None:
        super().__init__(
            folder, "another process works on this fleet", "Wait for its end, or name another folder with --out"
        )


class FleetWriteError(FleetError):
    """Outcomes or the result could not be written; what lies in the folder stays."""

    def __init__(self, folder: object, problem: str, verdict: str = "") -> None:
        self.folder = str(folder)
        self.problem = problem
        self.verdict = verdict
        ended = f" The audit itself ended: {verdict}." if verdict else ""
        super().__init__(
            f"{folder}: the fleet could not be written: {problem}.{ended}"
            f" Make room, then go on with: turntruth fleet resume {folder}"
        )


class EngineError(FleetError):
    """What runs the units cannot run them."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}. {remedy}")
