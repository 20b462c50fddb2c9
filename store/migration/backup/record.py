"""What the ledger keeps of the backup of a run, so that it can be found and recognised later."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from store.migration.backup.backup import Backup


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """Where the backup was written, and what it holds; all '' without one.

    `relative` is the path from the folder in which the database itself lies (not a link to it), so that both can be
    moved together. `content_sha256` is `Fingerprint.content_sha256`; '' where an earlier version wrote the record.
    """

    path: str = ""
    relative: str = ""
    content_sha256: str = ""

    @classmethod
    def of(cls, database: str, backup: Backup) -> Self:
        """The record of a backup that was written just now."""
        folder = Path(database).resolve().parent
        relative = os.path.relpath(Path(backup.path).resolve(), folder)
        return cls(os.fspath(backup.path), relative, backup.fingerprint.content_sha256)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, or what an earlier version did, which kept the path alone."""
        names = ("backup", "backup_relative", "backup_content_sha256")
        return cls(*(str(record.get(name, "")) for name in names))

    def to_json(self) -> dict[str, str]:
        """The members of the run's counts that tell of the backup."""
        return {
            "backup": self.path,
            "backup_relative": self.relative,
            "backup_content_sha256": self.content_sha256,
        }

    @property
    def is_there(self) -> bool:
        """Whether the backup still lies where it was written."""
        return bool(self.path) and Path(self.path).is_file()
