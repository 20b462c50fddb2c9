"""What converting payload texts would come to, found by reading them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import apsw

from store.database import quote_identifier
from store.metadata import inference_evidence, runtime_evidence
from store.migration.backfill import kinds_for
from store.migration.ledger import Evidence
from store.migration.legacy import Converted, read_texts
from store.migration.progress import Progress
from store.migration.shapes import Recognition
from store.migration.summary import Counts
from store.records import TurnKey

_EXISTS = "SELECT EXISTS (SELECT 1 FROM turns WHERE conv_id = ? AND session_id = ? AND turn_id = ?)"


@dataclass(slots=True)
class Foresight:
    """What converting the texts would come to, and what the columns of the new turns would then be filled from."""

    done: Converted = field(default_factory=Converted)
    counts: Counts = field(default_factory=Counts)


def foresee(connection: apsw.Connection, recognition: Recognition, level: Evidence, progress: Progress) -> Foresight:
    """Read every text as the conversion would, without writing; turns that are there already are counted elsewhere."""
    found = Foresight()
    table = quote_identifier(recognition.payload_table)
    progress.begin("read texts", connection.execute(f"SELECT count(*) FROM {table}").get)
    has_turns = "turns" not in recognition.tables
    metadata: dict[str, Any] = {}
    open_key: TurnKey | None = None
    for text in read_texts(connection, recognition.session_column, table, "ORDER BY 2, 3, 4, l.created_at_ms, l.rowid"):
        found.done.position += 1
        progress.advance(1)
        if text.snapshot is None:
            found.done.quarantined += 1
            continue
        if text.snapshot.blocks:
            found.done.converted += 1
        else:
            found.done.without_blocks += 1
        if text.snapshot.key != open_key:
            _foresee_turn(connection, found, open_key, metadata, level, has_turns=has_turns)
            open_key, metadata = text.snapshot.key, {}
        metadata = text.snapshot.turn.metadata or metadata
    _foresee_turn(connection, found, open_key, metadata, level, has_turns=has_turns)
    progress.finish()
    return found


def _foresee_turn(
    connection: apsw.Connection,
    found: Foresight,
    key: TurnKey | None,
    metadata: dict[str, Any],
    level: Evidence,
    *,
    has_turns: bool,
) -> None:
    """Count the turn that the texts since the last one add up to; the youngest metadata counts."""
    if key is None or (has_turns and connection.execute(_EXISTS, key).get):
        return
    found.done.turns_made += 1
    usable = kinds_for(level)
    for counts, kind in (
        (found.counts.runtime_key, runtime_evidence(metadata).kind),
        (found.counts.inference_id, inference_evidence(metadata).kind),
    ):
        if kind in usable:
            counts.by_evidence[kind] += 1
        else:
            counts.unknown += 1
            counts.held_back += bool(kind)
