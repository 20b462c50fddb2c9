"""What converting payload texts would come to, found by reading them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import apsw

from store.errors import StoreError
from store.migration.filling.backfill import kinds_for
from store.migration.inspection.shapes import Recognition
from store.migration.ledger import Evidence
from store.migration.payload_texts.converted import Converted, begin_over_turns, rewritten_blocks
from store.migration.payload_texts.legacy import read_texts
from store.migration.payload_texts.trial import TrialConversion
from store.migration.progress import Progress
from store.migration.summary import Counts
from store.sqlite.database import quote_identifier
from store.turns.attributed_column import ATTRIBUTED
from store.turns.metadata import evidence_of
from store.turns.records import TurnKey
from store.turns.snapshot import PreparedSnapshot


@dataclass(slots=True)
class Foresight:
    """What converting the texts would come to, and what the columns of their turns would then be filled from.

    Of turns that are there already, `counts` is the difference to what their rows say now.
    """

    done: Converted = field(default_factory=Converted)
    counts: Counts = field(default_factory=Counts)


def foresee(connection: apsw.Connection, recognition: Recognition, level: Evidence, progress: Progress) -> Foresight:
    """Read every text as the conversion would, without writing."""
    found = Foresight()
    table = quote_identifier(recognition.payload_table)
    progress.begin("read texts", connection.execute(f"SELECT count(*) FROM {table}").get)
    with _Turns(connection, recognition, level, found) as turns:
        which = "ORDER BY 2, 3, 4, l.created_at_ms, l.rowid"
        for text in read_texts(connection, recognition.session_column, table, which):
            found.done.position += 1
            progress.advance(1)
            if text.snapshot is None or not turns.save(text.snapshot):
                found.done.quarantined += 1
    progress.finish()
    return found


class _Turns:
    """The turns that the texts add up to, one after the other."""

    def __init__(
        self, connection: apsw.Connection, recognition: Recognition, level: Evidence, found: Foresight
    ) -> None:
        self._connection = connection
        self._level = level
        self._found = found
        self._key: TurnKey | None = None
        self._metadata: dict[str, Any] = {}
        beside = recognition.payload_table != "turns" and "turns" in recognition.layout.tables
        self._trial = TrialConversion(connection, recognition) if beside else None
        self._highest_block = begin_over_turns(connection, recognition).highest_block if beside else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()
        if self._trial:
            for place, cells in self._trial.close().items():
                self._found.done.rewritten[place] = cells

    def save(self, snapshot: PreparedSnapshot) -> bool:
        """Take note of one text; False if it would be refused, because there is another one in its place."""
        if snapshot.key != self._key:
            self._finish()
            self._key, self._metadata = snapshot.key, {}
            if self._trial:
                self._trial.take(snapshot.key)
        if self._trial and self._trial.is_there:
            try:
                self._trial.save(snapshot)
            except StoreError:
                return False
        if self._trial:
            self._trial.note_blocks(rewritten_blocks(self._connection, snapshot, self._highest_block))
        self._metadata = snapshot.turn.metadata or self._metadata
        if snapshot.blocks:
            self._found.done.converted += 1
        else:
            self._found.done.without_blocks += 1
        return True

    def _finish(self) -> None:
        """Count the turn that the texts since the last one add up to; the youngest metadata counts."""
        if self._key is None:
            return
        if self._trial and self._trial.is_there:
            self._found.counts.add(self._trial.difference(self._level))
            return
        self._found.done.turns_made += 1
        usable = kinds_for(self._level)
        for column in ATTRIBUTED:
            counts, kind = self._found.counts.columns[column.name], evidence_of(column, self._metadata).kind
            if kind in usable:
                counts.by_evidence[kind] += 1
            else:
                counts.unknown += 1
                counts.held_back += bool(kind)
