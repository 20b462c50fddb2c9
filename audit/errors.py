"""Everything that can go wrong in an audit: one base class, one subclass per cause."""

from __future__ import annotations


class AuditError(Exception):
    """Base of all errors of this room; ``exit_code`` is what the command line returns for it.

    Examples
    --------
    >>> from turntruth import RuntimeHistory
    >>> try:
    ...     RuntimeHistory("missing.db")
    ... except AuditError as error:
    ...     print(error.exit_code, error)
    2 missing.db: no such file. Give the path of an existing SQLite file
    """

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


class MissingFileError(InputFileError):
    """Nothing lies at the given path; reading it never creates it."""

    def __init__(self, path: object, remedy: str = "Give the path of an existing SQLite file") -> None:
        super().__init__(path, "no such file", remedy)


class NotADatabaseError(InputFileError):
    """The file is empty, of another format, or encrypted: its first bytes are not those of SQLite."""


class DamagedFileError(InputFileError):
    """SQLite finds the file cut off or malformed."""


class ForeignLogError(InputFileError):
    """Beside the file lies a write-ahead log that is not its own: SQLite would show what is in that, not the file."""

    def __init__(self, path: object, log: object, problem: str) -> None:
        self.log = str(log)
        super().__init__(
            path,
            f"the log beside it ({log}) does not belong to it: {problem}",
            "Move the log away if it is that of another file, and keep it; if it is this file's own, open the database"
            " once with the program that wrote it",
        )


class OpenInProcessError(InputFileError):
    """A descriptor of the file is open in this very process, so a second SQLite library may not touch it."""

    def __init__(self, path: object) -> None:
        super().__init__(
            path,
            "this process has the file open, and two SQLite libraries on one file in one process lose committed"
            " writes (closing a descriptor drops the process's locks)",
            "Close it first, or audit it from another process, for example with the command `turntruth audit`",
        )


class FileShapeError(InputFileError):
    """The database is readable, but its tables are not those of its role; ``shape`` names what was recognised."""

    def __init__(self, path: object, shape: str, problem: str, remedy: str) -> None:
        self.shape = shape
        super().__init__(path, problem, remedy)


class FileInMotionError(InputFileError):
    """Another process kept writing while a private copy was made, so no consistent state could be read."""

    def __init__(self, path: object, attempts: int) -> None:
        self.attempts = attempts
        super().__init__(
            path,
            f"the file changed during each of {attempts} attempts to read it",
            "Wait until its writer has finished, or audit a backup of it",
        )


class ExtensionError(AuditError):
    """DuckDB's extension that reads SQLite files is not installed or does not fit."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            f"the SQLite extension of DuckDB cannot be loaded: {problem}. Install duckdb and"
            " duckdb-extension-sqlite-scanner in the same version, as requirements.lock names them",
        )


class MemoryLimitError(AuditError):
    """DuckDB needs more memory than it was allowed, although it can put most of its work on disk.

    Parameters
    ----------
    taker
        What of our names takes ``memory_bytes``.
    """

    def __init__(self, limit_bytes: int, taker: str = "AuditSettings") -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            f"the files need more than the {limit_bytes >> 20} MiB of memory that DuckDB was allowed: probably single"
            " cells of many megabytes, or ids of kilobytes. `turntruth doctor` names a column that computes the former;"
            f" where the machine has more memory, allow more: --memory {limit_bytes >> 19}MiB, or in Python"
            f" {taker}(…, memory_bytes={limit_bytes >> 19} << 20)"
        )


class CheckFileError(AuditError):
    """A check file breaks the contract; ``line`` counts from 1, 0 means the file as a whole."""

    def __init__(self, path: object, line: int, problem: str) -> None:
        self.path = str(path)
        self.line = line
        self.problem = problem
        super().__init__(f"{self.path}:{line}: {problem}" if line else f"{self.path}: {problem}")


class JudgementError(AuditError):
    """Great Expectations gave no result for a check, or one that contradicts the number of findings."""

    def __init__(self, check: str, problem: str) -> None:
        self.check = check
        self.problem = problem
        super().__init__(f"check {check}: {problem}")
