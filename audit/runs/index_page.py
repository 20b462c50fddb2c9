"""``reports/index.html``: every run of a folder with verdict, coverage and findings as small pictures.

As the page of a run it runs and loads nothing, and escapes everything: paths and damaged files are anybody's.
"""

from __future__ import annotations

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from audit.report.html import moment
from audit.report.shares import counted, share
from audit.report.visible import visible, without_hidden_characters
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
    environment = page_environment()
    environment.globals |= {"trends_shown": TRENDS_SHOWN, "problems_shown": PROBLEMS_SHOWN}
    return environment


def page_environment() -> Environment:
    """Templates of this room, with those of a run's page, and what they say numbers, times and texts with."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("audit.runs"), PackageLoader("audit.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=without_hidden_characters,
    )
    environment.filters |= {
        "visible": visible,
        "counted": counted,
        "share": share,
        "moment": moment,
        "trend": draw_trend,
        "pieces": finding_pieces,
        "known_length": known_length,
        "sum_of": lambda numbers: sum(numbers.values()),
    }
    environment.globals |= {"bar_px": BAR_PX, "trend_px": TREND_HEIGHT_PX, "trend_runs": TREND_RUNS}
    return environment
