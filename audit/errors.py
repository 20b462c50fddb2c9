"""Everything that can go wrong in an audit: one base class, one subclass per cause."""

from __future__ import annotations


class AuditError(Exception):
    """Base of all errors of this room; ``exit_code`` is what the command line returns for it."""

    exit_code = 3


class UsageError(AuditError):
    """The caller asked for something that cannot be done as asked: an argument, a path, a name."""

    exit_code = 2


class InputFileError(UsageError):
    """A given file is missing, unreadable or no SQLite database."""

    def __init__(self, path: object, problem: str, remedy: str) -> None:
        self.path = str(path)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.path}: {problem}. {remedy}")
