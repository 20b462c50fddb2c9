"""The geometry of the small pictures in the index; its templates draw them, the style sheet colours them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit.runs.kept_run import KeptRun

TREND_RUNS = 40
"""So many runs a trend shows, the newest ones."""

BAR_PX = 120
TREND_HEIGHT_PX = 36
_SLOT_PX = 9
_COLUMN_PX = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """One coloured length of a bar, or of a column from below; pixels."""

    kind: str
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Column:
    """The findings of one run in a trend, and how much was known then."""

    run_id: str
    headline: str
    x: float
    pieces: tuple[Piece, ...]
    known_y: float | None


@dataclass(frozen=True, slots=True)
class TrendPicture:
    """Runs from the oldest to the newest: columns of findings, and a line of what is known from 0 to 100 %."""

    width: float
    columns: tuple[Column, ...]

    @property
    def line(self) -> str:
        """The points of the line, as SVG writes them."""
        known = [(each.x + _COLUMN_PX / 2, each.known_y) for each in self.columns if each.known_y is not None]
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in known)


def known_length(run: KeptRun) -> float:
    """Pixels of the bar of what is known."""
    return BAR_PX * _known(run)


def finding_pieces(findings: Mapping[str, int], most: int, length: float = BAR_PX) -> tuple[Piece, ...]:
    """A bar as long as the findings have digits, in parts by severity as they share them.

    A length in proportion would show nothing beside a run with a million of them.
    """
    total = sum(findings.values())
    if not total:
        return ()
    whole = length * math.log1p(total) / math.log1p(max(most, total))
    pieces, start = [], 0.0
    for severity, count in findings.items():
        if count:
            pieces.append(Piece(severity, start, whole * count / total))
            start += whole * count / total
    return tuple(pieces)


def draw_trend(runs: Sequence[KeptRun]) -> TrendPicture:
    """Runs of one input, from the oldest to the newest."""
    shown = runs[-TREND_RUNS:]
    most = max((sum(run.findings.values()) for run in shown), default=0)
    columns = (_column(run, number * _SLOT_PX, most) for number, run in enumerate(shown))
    return TrendPicture(max(1, len(shown)) * _SLOT_PX, tuple(columns))


def _column(run: KeptRun, x: float, most: int) -> Column:
    pieces = finding_pieces(run.findings, most, TREND_HEIGHT_PX)
    is_known = run.result is not None and run.result.coverage.turns > 0
    return Column(run.run_id, run.headline, x, pieces, TREND_HEIGHT_PX * (1 - _known(run)) if is_known else None)


def _known(run: KeptRun) -> float:
    coverage = run.result.coverage if run.result else None
    return min(1.0, coverage.runtime_known / coverage.turns) if coverage and coverage.turns else 0.0
