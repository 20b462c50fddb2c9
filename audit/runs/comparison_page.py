"""A comparison of two runs as one HTML file, as safe as the page of a run: everything is escaped, nothing is loaded."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from audit.report.summary import HEADLINES
from audit.results.records import Verdict
from audit.runs.index_page import runs_environment
from audit.runs.run_comparison import Fate, RunComparison

CAUSES_SHOWN = 100
CHECKS_SHOWN = 120
PLACE_COLUMNS = ("conv_id", "session_id", "turn_id", "table", "key", "column")
_TONES = {word: verdict for verdict, word in HEADLINES.items()}


def render_comparison_page(comparison: RunComparison) -> str:
    """The text of the page; the same for the same two runs."""
    return _environment().get_template("comparison.html.j2").render(comparison=comparison)


@cache
def _environment() -> Environment:
    environment = runs_environment()
    environment.filters["tone"] = _tone
    environment.globals |= {
        "fates": tuple(Fate),
        "causes_shown": CAUSES_SHOWN,
        "checks_shown": CHECKS_SHOWN,
        "place_columns": PLACE_COLUMNS,
    }
    return environment


def _tone(headline: str) -> str:
    """The verdict that colours a headline; what is added to it in words changes nothing."""
    found = next((verdict for word, verdict in _TONES.items() if headline.startswith(word)), None)
    return str(found or Verdict.PASSED)
