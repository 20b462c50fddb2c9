"""What the metadata of a window of turns says, gathered in a temporary table: set-based where all parsers agree."""

from __future__ import annotations

from itertools import chain

import apsw
import orjson

from store.migration.package_sql import package_sql
from store.turns.attributed_column import ATTRIBUTED, render
from store.turns.metadata import GO_SPACE, MetadataStatus, evidence_of, parse_metadata

LOWEST_ROWID = -(2**63)
WINDOW_BYTES = 8 * 2**20
"""Metadata read in one window at most, so that huge cells do not add up; one cell is never split."""

_CREATE = render("""
CREATE TEMP TABLE IF NOT EXISTS turn_evidence (
  turn_rowid INTEGER PRIMARY KEY,
/*each column*/
  {column}_before TEXT NOT NULL,
  {column}_value TEXT NOT NULL,
  {column}_kind TEXT NOT NULL,
/*end column*/
  malformed INTEGER NOT NULL DEFAULT 0
)""")
# As bytes: a text that is no UTF-8 cannot be fetched as text.
_DOUBTFUL = render("""
SELECT turn_rowid, CAST({metadata_column} AS BLOB)
FROM temp.turn_evidence CROSS JOIN turns ON turns.rowid = turn_rowid
WHERE 0/*each column*/ OR {column}_kind = '?'/*end column*/""")
_DECIDE = render("""
UPDATE temp.turn_evidence
SET /*each column*/{column}_value = ?, {column}_kind = ?, /*end column*/malformed = ?
WHERE turn_rowid = ?""")
# What the rule looks at first: of a column its canonical key, and the member of a map under it that names it directly,
# which for a column without members no map has.
_FIRST_LOOKS = tuple((column, column.keys[0], column.members[0] if column.members else None) for column in ATTRIBUTED)


def evidence_statement(missing: frozenset[str] = frozenset()) -> str:
    """The statement that gathers evidence; columns the file does not have yet read as ''."""
    text = render(package_sql("window_evidence"), missing=missing)
    return text.replace("turn_metadata_json", metadata_column(missing))


def metadata_column(missing: frozenset[str]) -> str:
    """The expression that reads a turn's metadata, also where the file has no such column."""
    return "'{}'" if "turn_metadata_json" in missing else "turn_metadata_json"


def prepare(connection: apsw.Connection, *, in_memory: bool = True) -> None:
    """Make the temporary table; it takes no part in the user's file.

    Not in memory means that SQLite spills what is temporary to a file it unlinks at once. Only that bounds the memory
    of building an index, and it is faster besides: sorted runs in memory are lists of small pieces.
    """
    connection.pragma("temp_store", "memory" if in_memory else "default")
    connection.execute(_CREATE)


def window_end(
    connection: apsw.Connection, after: int, rows: int, missing: frozenset[str] = frozenset()
) -> tuple[int, int] | None:
    """The last rowid and the number of turns of the next window of at most `rows`; None behind the last turn."""
    query = (
        "SELECT max(turn_rowid), count(*), coalesce(sum(size_bytes), 0) FROM (SELECT rowid AS turn_rowid, "
        f"octet_length({metadata_column(missing)}) AS size_bytes FROM turns WHERE rowid > ? ORDER BY rowid LIMIT ?)"
    )
    while True:
        through, found, size_bytes = connection.execute(query, (after, rows)).get
        if not found:
            return None
        if size_bytes <= WINDOW_BYTES or found == 1:
            return through, found
        rows = max(1, found // 2)


def gather(
    connection: apsw.Connection,
    after: int,
    through: int,
    *,
    everything: bool = False,
    missing: frozenset[str] = frozenset(),
) -> None:
    """Fill the temporary table for the turns with `after` < rowid <= `through`.

    Only turns that lack a value are read, unless `everything` is wanted; `missing` names columns the file lacks.
    """
    connection.execute("DELETE FROM temp.turn_evidence")
    connection.execute(evidence_statement(missing), {"after": after, "through": through, "everything": int(everything)})
    doubtful = _DOUBTFUL.format(metadata_column=metadata_column(missing))
    decided = []
    for rowid, raw in connection.execute(doubtful):
        values, kinds, malformed = decide(raw)
        pairs = chain.from_iterable(zip(values, kinds, strict=True))
        decided.append((*pairs, malformed, rowid))
    if decided:
        connection.executemany(_DECIDE, decided)


def decide(raw: bytes) -> tuple[list[str], tuple[str, ...], int]:
    """Values and kinds for all attributed columns by the one rule, and 1 if the metadata is malformed."""
    try:
        metadata = orjson.loads(raw)
    except orjson.JSONDecodeError:
        metadata = None
    malformed = 0
    # What this parser refuses or takes for something else than an object, the exact one has to look at; where both read
    # an object they differ in integers of more than 64 bits only, which are evidence of nothing.
    if metadata.__class__ is not dict:
        status, metadata = parse_metadata(raw)
        malformed = int(status is MetadataStatus.MALFORMED)
    values: list[str] = []
    kinds: tuple[str, ...] = ()
    # The first thing the rule looks at is what nearly every turn has; asked for right here, a file takes half the time.
    for column, key, member in _FIRST_LOOKS:
        value, kind = metadata.get(key), "text"
        if value.__class__ is dict:
            value, kind = value.get(member), "map"
        if value.__class__ is not str or not (value := value.strip(GO_SPACE)):
            value, kind = evidence_of(column, metadata)
        values.append(value)
        kinds += (kind,)
    return values, kinds, malformed
