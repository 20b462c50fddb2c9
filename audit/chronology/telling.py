"""What happened when, as a report tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit.chronology.lanes import draw_lanes
from audit.chronology.periods import measure_periods
from audit.results.chronology import Chronology
from audit.results.records import CheckResult

if TYPE_CHECKING:
    import duckdb

READ = ("turn_order", "turn_evidence")
"""Views of which all that is told here is made."""


def tell_chronology(
    connection: duckdb.DuckDBPyConnection, failed: Sequence[CheckResult], *, with_baseline: bool
) -> Chronology:
    """Read it from a locked warehouse whose views exist and whose checks have run.

    Parameters
    ----------
    failed
        The checks whose findings stand open, the gravest first.
    with_baseline
        There is a file from before to compare with.
    """
    lanes, conversations = draw_lanes(connection, failed, with_baseline=with_baseline)
    unit, periods = measure_periods(connection)
    return Chronology(lanes, conversations, unit, periods)
