"""Runtimes and switches by period, as charts: the most used runtime at the bottom, what is unknown on top."""

from __future__ import annotations

from audit.report.charts.period_charts import period_charts
from audit.report.html import render_html
from audit.results.chronology import Chronology, Period
from support.audits.report_examples import a_busy_result, a_chronology, a_result


def test_the_figures_of_each_period_in_the_order_of_the_legend() -> None:
    charts = period_charts(a_chronology())

    assert charts is not None
    assert [name for _, name in charts.legend] == ["planner", "analyst", "other runtimes", "unknown"]
    assert [bar.column.figures for bar in charts.chart.bars] == [(3, 0, 0, 1), (2, 4, 2, 0)]
    assert [bar.column.figures for bar in charts.switches.bars] == [(1,), (3,)]


def test_one_period_is_no_picture() -> None:
    one = Chronology(unit="day", periods=(Period("2026-01-01", {"x": 1}, 0, 0),))

    assert period_charts(one) is None
    assert 'id="periods"' not in render_html(a_result())


def test_the_page_has_the_figures_as_a_table_too() -> None:
    html = render_html(a_busy_result())

    assert "Which runtimes produced the turns, by day" in html
    assert html.count('<td class="number">4</td>') >= 1
