"""What a migration, a backup or a rollback can be refused for, or be stopped by."""

from __future__ import annotations

from store.errors import SchemaShapeError, StoreError


class MigrationError(StoreError):
    """Base of the errors of this package."""


class MigrationRefusedError(SchemaShapeError):
    """The file cannot be migrated as it is; not one byte of it was changed.

    ``shape`` is the reason in words, ``shape_name`` the name of the recognised shape.
    """

    status = "refused"

    def __init__(self, path: object, shape_name: str, reason: str, remedy: str) -> None:
        self.shape_name = shape_name
        super().__init__(path, f"shape {shape_name}: {reason}", remedy)


class FileInUseError(MigrationError):
    """Another program has the file open although nobody else was to; not one byte was changed."""

    status = "refused"

    def __init__(self, path: object) -> None:
        self.path = str(path)
        super().__init__(
            f"{self.path}: --offline wants the file for itself, and another program has it open. Stop that program, or "
            "leave --offline out: batches are short then, and others can go on. Nothing was changed."
        )


class MigrationInterruptedError(MigrationError):
    """The migration was interrupted between two batches; ``position`` says where it stands, the next run goes on.

    ``backup`` is the backup that it has written, '' without one; it is complete, and stays.
    """

    exit_code = 130
    status = "interrupted"

    def __init__(self, path: object, position: str, backup: str = "") -> None:
        self.path = str(path)
        self.position = position
        self.backup = backup
        kept = f", and so does the backup {backup}" if backup else ""
        super().__init__(
            f"{self.path}: stopped {position}. What is committed stays{kept}; run the same command again to go on."
        )


class VerificationError(MigrationError):
    """The engine's own proof failed: what it counted afterwards is not what it must be. Nothing was called complete."""

    def __init__(self, path: object, wanted: str, got: str) -> None:
        self.path = str(path)
        self.wanted = wanted
        self.got = got
        super().__init__(
            f"{self.path}: verification failed: wanted {wanted}, got {got}. "
            "The ledger says failed; restore the backup with turntruth rollback, or run turntruth doctor."
        )


class LedgerError(MigrationError):
    """The record of a run inside the file was changed by somebody, so that no run can go on from it."""

    def __init__(self, path: object, migration_id: str, step: str, got: object) -> None:
        self.path = str(path)
        self.problem = (
            f"the ledger's counts of {migration_id}, step {step}, cannot be read: "
            f"wanted a JSON object, got {str(got)[:60]!r}"
        )
        self.remedy = "Restore the backup with turntruth rollback, or put the row of turntruth_migrations right"
        super().__init__(f"{self.path}: {self.problem}. {self.remedy}.")


class BackupError(MigrationError):
    """A backup cannot be written, does not verify, or may not be restored."""

    def __init__(self, path: object, problem: str, remedy: str) -> None:
        self.path = str(path)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.path}: {problem}. {remedy}")
