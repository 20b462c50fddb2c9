"""The whole history by day, month or year: which runtimes produced the turns, and how often they switched."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from audit.results.chronology import NAME_CHARACTERS, Period

if TYPE_CHECKING:
    import duckdb

MOST_PERIODS = 62
"""Two months of days, five years of months, and of years the last so many."""

RUNTIMES_NAMED = 6
"""The most used runtimes, which are told apart; more colours nobody tells apart."""


def measure_periods(connection: duckdb.DuckDBPyConnection) -> tuple[str, tuple[Period, ...]]:
    """The unit of the periods and the periods in order; of more than 62 years the earlier ones are one period."""
    query = files("audit.chronology").joinpath("sql", "periods.sql").read_text(encoding="utf-8")
    limits = {"most": MOST_PERIODS, "named": RUNTIMES_NAMED, "long": NAME_CHARACTERS}
    rows = connection.execute(query, limits).fetchall()
    if not rows:
        return "", ()
    labels = sorted({row[1] for row in rows})
    first = labels[-MOST_PERIODS] if len(labels) > MOST_PERIODS else ""
    groups = groupby(rows, key=lambda row: row[1] if row[1] >= first else f"before {first}")
    return rows[0][0], tuple(_period(label, list(members)) for label, members in groups)


def _period(label: str, rows: Sequence[tuple[Any, ...]]) -> Period:
    runtimes: dict[str, int] = {}
    for _, _, runtime, turns, _ in rows:
        if runtime is not None:
            runtimes[runtime] = runtimes.get(runtime, 0) + turns
    return Period(
        label,
        runtimes,
        others=sum(turns for _, _, runtime, turns, _ in rows if runtime is None),
        switches=sum(switches for *_, switches in rows),
    )
