"""The geometry of the page's chart; the template ``chart.svg.j2`` draws it, the style sheet colours it.

Drawn here and not by a chart library: those that make SVG without a browser carry a JavaScript engine, which costs half
a second and ends the whole process on a label with a NUL character. A report must survive any text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from audit.results.records import CoverageSlice

MONTHS_BESIDE = 9
"""Up to so many months the chart is narrow enough to stand beside a table."""

_NARROW_PX = 440
_WIDE_PX = 1040
_PLOT_HEIGHT_PX = 190
_LEFT_PX = 56
_LABEL_PX = 64
_BAR_SHARE = 0.7
_MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: turns whose runtime is known below, the others on top. Pixels, ``y`` downwards from the plot's top."""

    month: CoverageSlice
    x: float
    width: float
    known_y: float
    known_height: float
    unknown_y: float
    unknown_height: float
    labelled: bool

    @property
    def middle(self) -> float:
        """Where the label stands."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Tick:
    """One line across the plot and the number of turns it stands for."""

    turns: int
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A stacked bar chart, all lengths in pixels."""

    width: float
    plot_height: float
    left: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


def coverage_by_month(months: Sequence[CoverageSlice]) -> Chart:
    """Lay out one bar a month, as wide as the page allows."""
    width = _NARROW_PX if len(months) <= MONTHS_BESIDE else _WIDE_PX
    step = _tick_step(max((month.turns for month in months), default=0))
    top = step * max(1, math.ceil(max((month.turns for month in months), default=0) / step))
    slot = (width - _LEFT_PX) / max(1, len(months))
    every = math.ceil(_LABEL_PX / slot)
    return Chart(
        width=width,
        plot_height=_PLOT_HEIGHT_PX,
        left=_LEFT_PX,
        bars=tuple(_bar(month, number, slot, top, every) for number, month in enumerate(months)),
        ticks=tuple(Tick(turns, _height(top - turns, top)) for turns in range(0, top + 1, step)),
    )


def _bar(month: CoverageSlice, number: int, slot: float, top: int, every: int) -> Bar:
    known = _height(min(month.runtime_known, month.turns), top)
    whole = _height(month.turns, top)
    return Bar(
        month=month,
        x=_LEFT_PX + (number + (1 - _BAR_SHARE) / 2) * slot,
        width=slot * _BAR_SHARE,
        known_y=_PLOT_HEIGHT_PX - known,
        known_height=known,
        unknown_y=_PLOT_HEIGHT_PX - whole,
        unknown_height=whole - known,
        labelled=number % every == 0,
    )


def _height(turns: int, top: int) -> float:
    return _PLOT_HEIGHT_PX * turns / top


def _tick_step(highest: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that needs at most four lines above zero."""
    step, factors = 1, (2, 2.5, 2)
    position = 0
    while step * _MOST_TICKS < highest:
        step = int(step * factors[position % 3])
        position += 1
    return step
