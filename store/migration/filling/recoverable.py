"""Which turns still lack a value that their metadata names, found by SQL instead of by the rule that fills."""

from __future__ import annotations

import apsw

from store.migration.filling import evidence
from store.migration.filling.backfill import Tally, count_tally, kinds_for
from store.migration.ledger import Evidence
from store.migration.summary import Counts

_RECOVERABLE = """
SELECT turn_rowid FROM temp.turn_evidence
WHERE (runtime_before = '' AND instr(:kinds, '|' || runtime_kind || '|'))
  OR (inference_before = '' AND instr(:kinds, '|' || inference_kind || '|'))"""
_OUTCOMES = """
SELECT runtime_before <> '', runtime_kind, inference_before <> '', inference_kind, 0, malformed, count(*)
FROM temp.turn_evidence
GROUP BY 1, 2, 3, 4, 6"""


def recoverable_rowids(connection: apsw.Connection, after: int, through: int, level: Evidence) -> list[int]:
    """The rowids of the turns with `after` < rowid <= `through` that lack what evidence of that level names."""
    evidence.gather(connection, after, through)
    kinds = f"|{'|'.join(sorted(kinds_for(level)))}|"
    return [rowid for (rowid,) in connection.execute(_RECOVERABLE, {"kinds": kinds})]


def count_outcomes(connection: apsw.Connection, level: Evidence) -> Counts:
    """Count what the gathered evidence of whole turns means for each column."""
    return count_tally(Tally({tuple(row[:6]): row[6] for row in connection.execute(_OUTCOMES)}), level)
