"""What a migration would find in the turns of a file, told without writing."""

from __future__ import annotations

from dataclasses import dataclass, field

import apsw

from store.migration.filling import window_evidence
from store.migration.filling.recoverable import count_outcomes
from store.migration.inspection.shapes import Recognition
from store.migration.ledger import Evidence
from store.migration.progress import SILENT, Progress
from store.migration.rebuild.rebuild import as_rebuilt
from store.migration.summary import Counts
from store.turns.attributed_column import ATTRIBUTED, INFERENCE, render
from store.turns.metadata import evidence_of, parse_metadata

_ROWS = 10_000
# A turn saved once may well have got other values explicitly than its metadata names. One that was saved again, with
# another inference in its metadata than in its column, was saved by a program that does not know the columns.
_DRIFTED = render(
    """
SELECT count(*) FROM temp.turn_evidence CROSS JOIN turns ON turns.rowid = turn_rowid
WHERE updated_at_ms > turn_created_at_ms
/*each column*/
  AND {column}_before <> '' AND {column}_value <> '' AND {column}_before <> {column}_value
/*end column*/
""",
    [INFERENCE],
)
_ALIASED = render("""
SELECT /*each column*/{column}_kind = 'alias' AND {column}_before = '', /*end column*/CAST({metadata_column} AS BLOB)
FROM temp.turn_evidence CROSS JOIN turns ON turns.rowid = turn_rowid
WHERE 0/*each column*/ OR ({column}_kind = 'alias' AND {column}_before = '')/*end column*/""")
_UNREPAIRED_TIMES = """
SELECT count(*) FROM turns
WHERE rowid > :after AND rowid <= :through
  AND typeof(updated_at_ms) = 'integer' AND updated_at_ms <= 0
  AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0"""
_TIMES_TO_COME = """
SELECT count(*) FROM turns
WHERE rowid > :after AND rowid <= :through AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0"""


@dataclass(slots=True)
class Survey:
    """What the turns hold; `drifted` are those that an older program saved again without the columns.

    `aliases` says which alias named how many of the values to be filled, where that was asked for.
    """

    counts: Counts = field(default_factory=Counts)
    drifted: int = 0
    aliases: dict[str, int] = field(default_factory=dict)

    @property
    def work(self) -> int:
        """Rows that a migration would change: 0 means that there is nothing to fill or repair."""
        return self.counts.filled + self.counts.times_repaired


def survey(
    connection: apsw.Connection,
    recognition: Recognition,
    level: Evidence,
    progress: Progress = SILENT,
    *,
    aliases: bool = False,
) -> Survey:
    """Read every turn once, in windows, each of them a short read transaction."""
    found = Survey()
    if "turns" in recognition.tables:
        return found  # the normalised table does not exist yet
    with as_rebuilt(connection, recognition):
        _survey_turns(connection, recognition, level, progress, found, aliases=aliases)
    return found


def _survey_turns(
    connection: apsw.Connection,
    recognition: Recognition,
    level: Evidence,
    progress: Progress,
    found: Survey,
    *,
    aliases: bool,
) -> None:
    missing = frozenset(column.name for column in recognition.columns)
    total = connection.execute("SELECT count(*) FROM turns").get
    progress.begin("survey", total)
    after = window_evidence.LOWEST_ROWID
    while window := window_evidence.window_end(connection, after, _ROWS, missing):
        through, rows = window
        found.counts.add(_survey_window(connection, after, through, missing, level))
        if not missing:
            found.drifted += connection.execute(_DRIFTED).get
        if aliases:
            _count_aliases(connection, found.aliases, missing)
        progress.advance(rows)
        after = through
    progress.finish()


def _survey_window(
    connection: apsw.Connection, after: int, through: int, missing: frozenset[str], level: Evidence
) -> Counts:
    window_evidence.gather(connection, after, through, everything=True, missing=missing)
    counts = count_outcomes(connection, level)
    times = _TIMES_TO_COME if "updated_at_ms" in missing else _UNREPAIRED_TIMES
    counts.times_repaired = connection.execute(times, {"after": after, "through": through}).get
    return counts


def _count_aliases(connection: apsw.Connection, aliases: dict[str, int], missing: frozenset[str]) -> None:
    """Count by which of the aliases a value to be filled is named."""
    query = _ALIASED.format(metadata_column=window_evidence.metadata_column(missing))
    for *counts_here, raw in connection.execute(query):
        _, metadata = parse_metadata(raw)
        for column, is_aliased in zip(ATTRIBUTED, counts_here, strict=True):
            if is_aliased:
                name = next(key for key in column.keys if evidence_of(column, {key: metadata.get(key)}).value)
                aliases[name] = aliases.get(name, 0) + 1
