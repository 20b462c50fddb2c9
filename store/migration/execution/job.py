"""What one call of `migrate` carries through its steps; everything that must survive it is in the ledger instead."""

from __future__ import annotations

from dataclasses import dataclass, field

import apsw

from store.migration.backup.record import BackupRecord
from store.migration.filling.batches import BatchSize
from store.migration.ledger import Evidence
from store.migration.progress import Progress


@dataclass(slots=True)
class Job:
    """One call: its file and connection, what was asked for, and what it has measured; times in ms.

    `drifted` turns were saved again by a program that does not know the columns, as far as this call looked for any.
    `unread` says of each table of another program that SQLite here cannot read, what it would need.
    """

    path: str
    connection: apsw.Connection
    level: Evidence
    indexes: bool
    progress: Progress
    rebuild: bool = False
    backup: BackupRecord = field(default_factory=BackupRecord)
    drifted: int = 0
    unread: tuple[str, ...] = ()
    migration_id: str = ""
    shape: str = ""
    size: BatchSize = field(default_factory=BatchSize)
    index_ms: float = 0.0
