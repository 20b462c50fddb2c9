"""``reports/index.html``: every run of a folder with verdict, coverage and findings as small pictures.

As the page of a run it runs and loads nothing, and escapes everything: paths and damaged files are anybody's.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from audit.report.html import page_environment
from audit.runs.overview import Overview
from audit.runs.pictures import BAR_PX, TREND_HEIGHT_PX, TREND_RUNS, draw_trend, finding_pieces, known_length

GENERATOR = "turntruth runs"
"""What the index says of its maker; only a file that says so is ever replaced."""

TRENDS_SHOWN = 12
PROBLEMS_SHOWN = 10


def render_index(overview: Overview) -> str:
    """The text of the index; the same for the same runs."""
    return _environment().get_template("index.html.j2").render(overview=overview, generator=GENERATOR)


@cache
def _environment() -> Environment:
    environment = runs_environment()
    environment.globals |= {"trends_shown": TRENDS_SHOWN, "problems_shown": PROBLEMS_SHOWN}
    return environment


def runs_environment() -> Environment:
    """Templates of this room, and what they draw small pictures with."""
    environment = page_environment("audit.runs")
    environment.filters |= {
        "trend": draw_trend,
        "pieces": finding_pieces,
        "known_length": known_length,
        "sum_of": lambda numbers: sum(numbers.values()),
    }
    environment.globals |= {"bar_px": BAR_PX, "trend_px": TREND_HEIGHT_PX, "trend_runs": TREND_RUNS}
    return environment
