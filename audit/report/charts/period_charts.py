"""The charts of the history by period: which runtimes produced the turns, and how often they switched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from audit.report.charts.stacked_bars import Chart, Column, stacked_bars
from audit.report.shares import counted
from audit.results.chronology import Chronology

UNKNOWN_NAME, OTHERS_NAME = "unknown", "other runtimes"


@dataclass(frozen=True, slots=True)
class PeriodCharts:
    """Both charts, with the style and the name of each part of the first, from the bottom to the top."""

    chart: Chart
    switches: Chart
    legend: tuple[tuple[str, str], ...]


def period_charts(chronology: Chronology) -> PeriodCharts | None:
    """The charts, None where there are not two periods to compare."""
    periods = chronology.periods
    if len(periods) < 2:
        return None
    totals: Counter[str] = Counter()
    for period in periods:
        totals.update(period.runtimes)
    names = sorted((name for name in totals if name), key=lambda name: (-totals[name], name))
    legend = [(f"runtime-{number}", name) for number, name in enumerate(names)]
    has_others = any(period.others for period in periods)
    if has_others:
        legend.append(("others", OTHERS_NAME))
    legend.append(("unknown", UNKNOWN_NAME))
    columns, switches = [], []
    for period in periods:
        figures = [period.runtimes.get(name, 0) for name in names]
        if has_others:
            figures.append(period.others)
        figures.append(period.runtimes.get("", 0))
        columns.append(Column(period.label, tuple(figures), f"{period.label}: {counted(sum(figures), 'turn')}"))
        words = f"{period.label}: {period.switches:,} {'switch' if period.switches == 1 else 'switches'}"
        switches.append(Column(period.label, (period.switches,), words))
    chart = stacked_bars(columns, [kind for kind, _ in legend])
    return PeriodCharts(chart, stacked_bars(switches, ("known",)), tuple(legend))
