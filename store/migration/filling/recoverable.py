"""Which turns still lack a value that their metadata names, found by SQL instead of by the rule that fills."""

from __future__ import annotations

from collections import Counter

import apsw

from store.migration.filling import window_evidence
from store.migration.filling.backfill import Tally, count_tally, has_sql, kinds_for
from store.migration.ledger import Evidence
from store.migration.summary import Counts
from store.turns.attributed_column import render

_RECOVERABLE = render("""
SELECT turn_rowid FROM temp.turn_evidence
WHERE 0
/*each column*/
  OR ({column}_before = '' AND instr(:kinds, '|' || {column}_kind || '|'))
/*end column*/
""")
_OUTCOMES = render(f"""
SELECT {has_sql("{column}_before")} AS has, malformed, count(*)/*each column*/, {{column}}_kind/*end column*/
FROM temp.turn_evidence
GROUP BY has, malformed/*each column*/, {{column}}_kind/*end column*/""")


def recoverable_rowids(connection: apsw.Connection, after: int, through: int, level: Evidence) -> list[int]:
    """The rowids of the turns with `after` < rowid <= `through` that lack what evidence of that level names."""
    window_evidence.gather(connection, after, through)
    kinds = f"|{'|'.join(sorted(kinds_for(level)))}|"
    return [rowid for (rowid,) in connection.execute(_RECOVERABLE, {"kinds": kinds})]


def count_outcomes(connection: apsw.Connection, level: Evidence) -> Counts:
    """Count what the gathered evidence of whole turns means for each column."""
    tally: Tally = Counter()
    for has, malformed, turns, *kinds in connection.execute(_OUTCOMES):
        tally[has, tuple(kinds), 0, malformed] = turns
    return count_tally(tally, level)
