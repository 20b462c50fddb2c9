"""Charts as SVG text to put inside a page: drawn here from a Vega-Lite description, without a browser or a network.

The description is written by hand: Altair would build the same one, but loading it costs more than the whole report.
"""

from __future__ import annotations

from typing import Any

from audit.results import CoverageSlice

# The page's style sheet gives these colours their meaning in light and dark; nothing else in it is drawn with them.
KNOWN_COLOUR = "#2f7d5c"
UNKNOWN_COLOUR = "#d9a441"
TEXT_COLOUR = "#3a4350"
LINE_COLOUR = "#c9ccd1"

MONTHS_BESIDE = 9
"""Up to so many months the chart is narrow enough to stand beside a table."""

_NARROW_PX = 400
_WIDE_PX = 980


def coverage_by_month(months: tuple[CoverageSlice, ...]) -> str:
    """Stacked bars, one a month: turns whose runtime is known below, the others on top."""
    # vl-convert starts a JavaScript engine: half a second that only a report pays.
    import vl_convert  # noqa: PLC0415

    svg: str = vl_convert.vegalite_to_svg(_description(months))
    return svg


def _description(months: tuple[CoverageSlice, ...]) -> dict[str, Any]:
    rows = [
        {"month": month.label, "state": state, "order": order, "turns": turns}
        for month in months
        for order, state, turns in (
            (0, "known", month.runtime_known),
            (1, "unknown", month.turns - month.runtime_known),
        )
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": None,
        "width": _NARROW_PX if len(months) <= MONTHS_BESIDE else _WIDE_PX,
        "height": 190,
        "data": {"values": rows},
        "mark": {"type": "bar", "cornerRadius": 1},
        "encoding": {
            "x": {
                "field": "month",
                "type": "ordinal",
                "axis": {"title": None, "labelAngle": 0, "labelOverlap": "greedy", "ticks": False, "labelPadding": 8},
                "scale": {"paddingInner": 0.35, "paddingOuter": 0.2},
            },
            "y": {"field": "turns", "type": "quantitative", "axis": {"title": "turns", "tickCount": 4}},
            "color": {
                "field": "state",
                "type": "nominal",
                "scale": {"domain": ["known", "unknown"], "range": [KNOWN_COLOUR, UNKNOWN_COLOUR]},
                "legend": {"title": None, "orient": "top", "symbolType": "square"},
            },
            "order": {"field": "order", "type": "ordinal"},
        },
        "config": _CONFIG,
    }


_CONFIG: dict[str, Any] = {
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": TEXT_COLOUR,
        "titleColor": TEXT_COLOUR,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "domainColor": LINE_COLOUR,
        "gridColor": LINE_COLOUR,
        "gridOpacity": 0.6,
        "tickColor": LINE_COLOUR,
    },
    "axisY": {"domain": False, "ticks": False, "format": ",d"},
    "legend": {"labelColor": TEXT_COLOUR, "labelFontSize": 12},
}
