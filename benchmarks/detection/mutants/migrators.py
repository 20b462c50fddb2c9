"""A migration written in a few lines, every part of which can be replaced by a wrong one.

It shares nothing with the product's migration but the rule that reads metadata, so that the drill also sees files
that were migrated by other means: without a ledger, in one pass, by a script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from store.turns.metadata import inference_evidence, parse_metadata, runtime_evidence

INDEXES = (
    "CREATE INDEX turns_by_conv_runtime_updated ON turns(conv_id, runtime_key, updated_at_ms DESC)",
    "CREATE INDEX turns_by_conv_inference_updated ON turns(conv_id, inference_id, updated_at_ms DESC)",
)
BATCH = 40

Record = tuple[int, str, bytes]
Values = tuple[str, str]


def migrate_by_hand(path: Path) -> None:
    """The honest one: add the columns, fill them from each row's own metadata, repair times, make the indexes."""
    Script().run(path)


@dataclass(frozen=True)
class Script:
    """A migration of which every part can be replaced by a wrong one."""

    columns: tuple[str, ...] = ("runtime_key TEXT NOT NULL DEFAULT ''", "inference_id TEXT NOT NULL DEFAULT ''")
    read: Callable[[bytes], Values] | None = None
    place: Callable[[list[Record], dict[int, Values]], dict[int, Values]] | None = None
    choose: Callable[[list[Record]], Iterable[Record]] = list
    update: str = "UPDATE turns SET runtime_key = ?, inference_id = ? WHERE rowid = ?"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    indexes: tuple[str, ...] = INDEXES
    repair: str = (
        "UPDATE turns SET updated_at_ms = turn_created_at_ms WHERE updated_at_ms <= 0 AND turn_created_at_ms > 0"
    )

    def run(self, path: Path) -> None:
        """Migrate a file that has neither column."""
        with closing(apsw.Connection(str(path))) as connection, connection:
            for statement in self.before:
                connection.execute(statement)
            for column in self.columns:
                connection.execute(f"ALTER TABLE turns ADD COLUMN {column}")
            rows = connection.execute(
                "SELECT rowid, conv_id, CAST(turn_metadata_json AS BLOB) FROM turns ORDER BY rowid"
            )
            records = [(int(str(row_id)), str(conv_id), _bytes(raw)) for row_id, conv_id, raw in rows]
            read = self.read or read_rightly
            values = {row_id: read(raw) for row_id, _, raw in self.choose(records)}
            placed = self.place(records, values) if self.place else values
            for row_id, (runtime, inference) in placed.items():
                connection.execute(self.update, (runtime, inference, row_id))
            for statement in (self.repair, *self.after, *self.indexes):
                if statement:
                    connection.execute(statement)


def _bytes(raw: apsw.SQLiteValue) -> bytes:
    return raw if isinstance(raw, bytes) else b""


def read_rightly(raw: bytes) -> Values:
    """The one rule."""
    _, metadata = parse_metadata(raw)
    return runtime_evidence(metadata).value, inference_evidence(metadata).value
