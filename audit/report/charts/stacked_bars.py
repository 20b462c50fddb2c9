"""The geometry of the page's charts; the template ``chart.svg.j2`` draws them, the style sheet colours them.

Drawn here and not by a chart library: those that make SVG without a browser carry a JavaScript engine, which costs half
a second and ends the whole process on a label with a NUL character. A report must survive any text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from audit.results.records import CoverageSlice

PERIODS_BESIDE = 9
"""Up to so many periods a chart is narrow enough to stand beside a table."""

_NARROW_PX = 440
_WIDE_PX = 1040
_PLOT_HEIGHT_PX = 190
_LEFT_PX = 56
_LABEL_PX = 64
_CHARACTER_PX = 8.5
_LABEL_CHARACTERS = 12
_BAR_SHARE = 0.7
_MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """What a bar stands for: a period, its figures from the bottom to the top, and all in words."""

    label: str
    figures: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar. Pixels, ``y`` downwards from the plot's top; ``kind`` is the style of its colour."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One period, in pixels."""

    column: Column
    x: float
    width: float
    parts: tuple[Part, ...]
    labelled: bool

    @property
    def middle(self) -> float:
        """Where the label stands."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Tick:
    """One line across the plot and the number it stands for."""

    figure: int
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
    """One bar a month: turns whose runtime is known below, the others on top."""
    columns = []
    for month in months:
        known = min(month.runtime_known, month.turns)
        noun = "turn" if month.turns == 1 else "turns"
        words = f"{month.label}: {month.runtime_known:,} of {month.turns:,} {noun} known"
        columns.append(Column(month.label, (known, month.turns - known), words))
    return stacked_bars(columns, ("known", "unknown"))


def stacked_bars(columns: Sequence[Column], kinds: Sequence[str]) -> Chart:
    """Lay out one bar a column, as wide as the page allows; ``kinds`` are the styles of their figures."""
    width = _NARROW_PX if len(columns) <= PERIODS_BESIDE else _WIDE_PX
    highest = max((sum(column.figures) for column in columns), default=0)
    step = _tick_step(highest)
    top = step * max(1, math.ceil(highest / step))
    slot = (width - _LEFT_PX) / max(1, len(columns))
    longest = min(_LABEL_CHARACTERS, max((len(column.label) for column in columns), default=0))
    every = math.ceil(max(_LABEL_PX, longest * _CHARACTER_PX) / slot)
    return Chart(
        width=width,
        plot_height=_PLOT_HEIGHT_PX,
        left=_LEFT_PX,
        bars=tuple(
            Bar(
                column=column,
                x=_LEFT_PX + (number + (1 - _BAR_SHARE) / 2) * slot,
                width=slot * _BAR_SHARE,
                parts=_parts(column.figures, kinds, top),
                labelled=number % every == 0,
            )
            for number, column in enumerate(columns)
        ),
        ticks=tuple(Tick(figure, _height(top - figure, top)) for figure in range(0, top + 1, step)),
    )


def _parts(figures: Sequence[int], kinds: Sequence[str], top: int) -> tuple[Part, ...]:
    sums = accumulate(figures)
    pieces = zip(kinds, figures, sums, strict=True)
    return tuple(
        Part(kind, _PLOT_HEIGHT_PX - _height(whole, top), _height(figure, top)) for kind, figure, whole in pieces
    )


def _height(figure: int, top: int) -> float:
    return _PLOT_HEIGHT_PX * figure / top


def _tick_step(highest: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that needs at most four lines above zero."""
    step, factors = 1, (2, 2.5, 2)
    position = 0
    while step * _MOST_TICKS < highest:
        step = int(step * factors[position % 3])
        position += 1
    return step
