"""Filling the two columns of existing turns from their own metadata, a window of rowids at a time."""

from __future__ import annotations

import apsw

from store.metadata import MetadataStatus, inference_evidence, parse_metadata, runtime_evidence
from store.migration import evidence
from store.migration.ledger import Evidence
from store.migration.summary import DIRECT_KINDS, EVIDENCE_KINDS, ColumnCounts, Counts

_OUTCOMES = """
SELECT runtime_before <> '', runtime_kind, inference_before <> '', inference_kind, malformed, count(*)
FROM temp.turn_evidence
GROUP BY 1, 2, 3, 4, 5"""
_FILL = """
UPDATE turns
SET
  runtime_key = CASE WHEN runtime_before = '' AND instr(:kinds, '|' || runtime_kind || '|')
    THEN runtime_value ELSE runtime_key END,
  inference_id = CASE WHEN inference_before = '' AND instr(:kinds, '|' || inference_kind || '|')
    THEN inference_value ELSE inference_id END
FROM temp.turn_evidence
WHERE turns.rowid = turn_rowid AND turns.rowid > :after AND turns.rowid <= :through
  AND (runtime_before = '' AND instr(:kinds, '|' || runtime_kind || '|')
    OR inference_before = '' AND instr(:kinds, '|' || inference_kind || '|'))"""
# Texts in a column of times compare as greater than every number: only numbers are compared.
_REPAIR_TIMES = """
UPDATE turns
SET updated_at_ms = turn_created_at_ms
WHERE rowid > :after AND rowid <= :through
  AND typeof(updated_at_ms) = 'integer' AND updated_at_ms <= 0
  AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0"""
_LACKING = """
SELECT rowid, runtime_key = '', inference_id = '', CAST(turn_metadata_json AS BLOB)
FROM turns
WHERE rowid > ? AND rowid <= ? AND (runtime_key = '' OR inference_id = '')
  -- A text without any of these says nothing about either, however it is read.
  AND (typeof(turn_metadata_json) <> 'text' OR instr(turn_metadata_json, char(92))
    OR instr(turn_metadata_json, 'runtime') OR instr(turn_metadata_json, 'inference_id'))"""


def kinds_for(level: Evidence) -> frozenset[str]:
    """The kinds of evidence that count at a level."""
    return DIRECT_KINDS if level == "direct" else frozenset(EVIDENCE_KINDS)


def fill_window(connection: apsw.Connection, after: int, through: int, level: Evidence) -> Counts:
    """Fill what the turns with `after` < rowid <= `through` lack, inside the caller's transaction.

    A value that is there is never overwritten; the two columns are filled independently of each other.
    """
    evidence.gather(connection, after, through)
    window = {"after": after, "through": through}
    connection.execute(_FILL, {**window, "kinds": f"|{'|'.join(sorted(kinds_for(level)))}|"})
    counts = count_outcomes(connection, level)
    connection.execute(_REPAIR_TIMES, window)
    counts.times_repaired = connection.changes()
    return counts


def count_outcomes(connection: apsw.Connection, level: Evidence) -> Counts:
    """Count what the gathered evidence means for each column."""
    counts = Counts()
    usable = kinds_for(level)
    for has_runtime, runtime_kind, has_inference, inference_kind, malformed, turns in connection.execute(_OUTCOMES):
        _count(counts.runtime_key, has_runtime, runtime_kind, malformed, turns, usable)
        _count(counts.inference_id, has_inference, inference_kind, malformed, turns, usable)
    return counts


def _count(
    counts: ColumnCounts, has_value: bool, kind: str, malformed: bool, turns: int, usable: frozenset[str]
) -> None:
    if has_value:
        counts.kept += turns
    elif kind in usable:
        counts.by_evidence[kind] += turns
    elif malformed:
        counts.malformed += turns
    else:
        counts.unknown += turns
        counts.held_back += turns if kind else 0


def recoverable_rowids(connection: apsw.Connection, after: int, through: int, level: Evidence) -> list[int]:
    """Turns in the window that lack a value their metadata names.

    This is the proof, so it shares no SQL with the filling: every candidate's metadata goes through the one rule.
    """
    usable = kinds_for(level)
    found: list[int] = []
    for rowid, lacks_runtime, lacks_inference, raw in connection.execute(_LACKING, (after, through)):
        status, metadata = parse_metadata(raw)
        if status is not MetadataStatus.OBJECT:
            continue
        if (lacks_runtime and runtime_evidence(metadata).kind in usable) or (
            lacks_inference and inference_evidence(metadata).kind in usable
        ):
            found.append(rowid)
    return found
