"""What the metadata of a window of turns says, gathered in a temporary table: set-based where all parsers agree."""

from __future__ import annotations

import apsw
import orjson

from store.migration.package_sql import package_sql
from store.turns.metadata import (
    INFERENCE_KEYS,
    RUNTIME_KEYS,
    MetadataStatus,
    go_trim,
    inference_evidence,
    parse_metadata,
    runtime_evidence,
)

LOWEST_ROWID = -(2**63)
_RUNTIME_KEY, _INFERENCE_KEY = RUNTIME_KEYS[0], INFERENCE_KEYS[0]
WINDOW_BYTES = 8 * 2**20
"""Metadata read in one window at most, so that huge cells do not add up; one cell is never split."""

_CREATE = """
CREATE TEMP TABLE IF NOT EXISTS turn_evidence (
  turn_rowid INTEGER PRIMARY KEY,
  runtime_before TEXT NOT NULL,
  inference_before TEXT NOT NULL,
  runtime_value TEXT NOT NULL,
  runtime_kind TEXT NOT NULL,
  inference_value TEXT NOT NULL,
  inference_kind TEXT NOT NULL,
  malformed INTEGER NOT NULL DEFAULT 0
)"""
# As bytes: a text that is no UTF-8 cannot be fetched as text.
_DOUBTFUL = """
SELECT turn_rowid, CAST({metadata_column} AS BLOB)
FROM temp.turn_evidence CROSS JOIN turns ON turns.rowid = turn_rowid
WHERE runtime_kind = '?' OR inference_kind = '?'"""
_DECIDE = """
UPDATE temp.turn_evidence
SET runtime_value = ?, runtime_kind = ?, inference_value = ?, inference_kind = ?, malformed = ?
WHERE turn_rowid = ?"""


def evidence_statement(missing: frozenset[str] = frozenset()) -> str:
    """The statement that gathers evidence; columns the file does not have yet read as ''."""
    text = package_sql("evidence").replace("turn_metadata_json", metadata_column(missing))
    for placeholder, column in (("{runtime_column}", "runtime_key"), ("{inference_column}", "inference_id")):
        text = text.replace(placeholder, "''" if column in missing else column)
    return text


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
    decided = [(*decide(raw), rowid) for rowid, raw in connection.execute(doubtful)]
    if decided:
        connection.executemany(_DECIDE, decided)


def decide(raw: bytes) -> tuple[str, str, str, str, int]:
    """Value and kind for runtime and inference by the one rule, and 1 if the metadata is malformed."""
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
    # The first thing the rule looks at is what nearly every turn has; asked for right here, a file takes half the time.
    runtime, runtime_kind = metadata.get(_RUNTIME_KEY), "text"
    if runtime.__class__ is dict:
        runtime, runtime_kind = runtime.get("runtime_key"), "map"
    if runtime.__class__ is not str or not (runtime := go_trim(runtime)):
        runtime, runtime_kind = runtime_evidence(metadata)
    inference, inference_kind = metadata.get(_INFERENCE_KEY), "text"
    if inference.__class__ is not str or not (inference := go_trim(inference)):
        inference, inference_kind = inference_evidence(metadata)
    return runtime, runtime_kind, inference, inference_kind, malformed
