"""The report as one HTML file: no network, and nothing beside it is needed to read it.

What is shown comes from databases and check files of strangers. The page therefore escapes everything (Jinja's
autoescape; the one place that builds markup itself escapes as well) and forbids itself, through its content
security policy, to load anything and to run anything but its own filter, which the policy knows by its hash. Without
that script the page is whole.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from audit.report.charts.lane_pictures import LANES_BYTES, LANES_OPEN, draw
from audit.report.charts.period_charts import period_charts
from audit.report.charts.stacked_bars import PERIODS_BESIDE, coverage_by_month
from audit.report.download import make_download
from audit.report.next_steps import next_steps
from audit.report.proven import what_was_proven
from audit.report.shares import counted, share
from audit.report.summary import failed_gates, following, summarize
from audit.report.visible import CELL_CHARACTERS, spelled_out, visible, without_hidden_characters
from audit.results.records import AuditResult, CellChange, ChangeProof, CheckResult, Coverage, Finding

ROWS_SHOWN = 25
"""Rows a check shows in the page; ``findings.csv`` beside it has them all."""

ROWS_AT_LEAST = 1
ROWS_CHARACTERS = 60_000
"""All rows in the page together: those of the gravest checks first, and of each at least so many."""

CHECKS_WHOLE = 24
"""Checks that the page shows with rows and query; of further ones it says where those are."""

PAGE_BYTES = 390_000
"""Of the whole page but for its download, however much was found; kept to by the lanes, which come last."""

LANES_PLACE = "<!-- conversations -->"
"""Where they are put; nothing that is escaped can look like it."""

CHECKS_OPEN = 8
"""With more checks to look at than these, the rows of all but the first three start folded."""

CAUSES_LISTED, ERRORS_LISTED = 8, 4
"""What the first screen names; the findings below name the rest."""
CAUSES_PRINTED = 40
"""What the printed page names, which has the verdict and no list of findings."""

_KEY_COLUMNS = ("conv_id", "session_id", "turn_id", "table", "key", "column", "expected", "found")
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def render_html(result: AuditResult, findings: Iterable[Finding] = ()) -> str:
    """The text of ``index.html``.

    Parameters
    ----------
    findings
        All of them; they are put into the page where they are few enough, and read no further than that.
    """
    summary = summarize(result)
    counted_findings = sum(check.findings for check in result.checks)
    months = result.coverage.by_month
    checks = sorted(result.checks, key=lambda check: (check.suite, check.check))
    download = make_download(findings, counted_findings)
    texts = {
        "result": result,
        # So that no word of results.json can be changed beside this page, shown or not.
        "results_sha256": sha256(result.to_json_text().encode()).hexdigest(),
        "summary": summary,
        "rows_by_check": _rows_shown(summary.attention),
        "causes_by_check": {cause.check: cause for cause in summary.causes},
        "next_steps": next_steps(result),
        "proven": what_was_proven(result),
        "download": download,
        "findings_counted": counted_findings,
        "script": filter_script(),
        "lanes": [draw(lane, result) for lane in result.chronology.lanes],
        "shares": period_charts(result.chronology),
        "failed_gates": failed_gates(result),
        "suites": [(suite, list(members)) for suite, members in groupby(checks, key=lambda check: check.suite)],
        # One bar says nothing that the sentence above it does not.
        "chart": coverage_by_month(months) if len(months) > 1 else None,
    }
    page = _environment().get_template("report.html.j2").render(texts)
    if not result.chronology.lanes:
        return page.replace(LANES_PLACE, "", 1)
    # Lanes take the room that the rest of the page has left.
    room = PAGE_BYTES - utf8_bytes(page) + len(download.url)
    lanes = _environment().get_template("conversations.html.j2").render(texts, lanes_bytes=min(LANES_BYTES, room))
    return page.replace(LANES_PLACE, lanes, 1)


def _rows_shown(checks: Sequence[CheckResult]) -> dict[str, tuple[Finding, ...]]:
    """The rows of each check that the page has room for, the gravest check first."""
    found: dict[str, tuple[Finding, ...]] = {}
    room = ROWS_CHARACTERS
    for check in checks:
        rows = check.sample[:ROWS_SHOWN]
        needed = [_characters(finding) for finding in rows]
        while len(rows) > ROWS_AT_LEAST and sum(needed[: len(rows)]) > room:
            rows = rows[:-1]
        room -= sum(needed[: len(rows)])
        found[check.check] = rows
    return found


def _characters(finding: Finding) -> int:
    """What a row takes of the page, with what stands around its cells."""
    return sum(min(len(getattr(finding, name)), CELL_CHARACTERS) + 10 for name in _KEY_COLUMNS)


@cache
def filter_script() -> Markup:
    """The filter, ours and of no text that is audited; the one thing in the page that is not escaped."""
    return Markup(files("audit.report").joinpath("templates", "filter.js").read_text(encoding="utf-8"))  # noqa: S704


def content_hash(text: str) -> str:
    """How a content security policy names an inline script: CSP level 3, hash-source."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def row_labels(check: CheckResult, columns: Sequence[str]) -> str:
    """The names of the columns as CSS values ``--c1``, ``--c2`` …: what stands before a cell on a narrow screen.

    Once a table and not once a cell, so that they take no room.
    """
    names = [*(["counts"] if check.accepted else []), *columns]
    return ";".join(f"--c{number}:'{name}'" for number, name in enumerate(names, 1))


@cache
def _environment() -> Environment:
    environment = page_environment()
    environment.filters |= {
        "spelled_out": spelled_out,
        "utf8_bytes": utf8_bytes,
        "content_hash": content_hash,
        "row_labels": row_labels,
        "following": following,
        "size": size,
        "elapsed": elapsed,
        "found_cells": found_cells,
        "shown_columns": shown_columns,
        "shared_place": shared_place,
        "evidence": evidence_rows,
    }
    environment.globals |= {
        "checks_open": CHECKS_OPEN,
        "checks_whole": CHECKS_WHOLE,
        "causes_listed": CAUSES_LISTED,
        "causes_printed": CAUSES_PRINTED,
        "errors_listed": ERRORS_LISTED,
        "periods_beside": PERIODS_BESIDE,
        "lanes_open": LANES_OPEN,
    }
    return environment


def page_environment(*packages: str) -> Environment:
    """Templates of a page, and what they say numbers, times and texts with; nothing in a text becomes markup.

    Parameters
    ----------
    packages
        Those whose templates are looked for before the ones of a run's page.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "audit.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=without_hidden_characters,
    )
    environment.filters |= {"visible": visible, "counted": counted, "share": share, "moment": moment}
    return environment


def utf8_bytes(text: str) -> int:
    """What a text takes in a file."""
    return len(text.encode(errors="replace"))


def size(size_bytes: int) -> str:
    """Bytes in the largest unit that leaves a figure of 1 or more."""
    power = min(len(_UNITS) - 1, int(math.log(size_bytes, 1024)) if size_bytes else 0)
    return f"{size_bytes:,} bytes" if power == 0 else f"{size_bytes / 1024**power:,.1f} {_UNITS[power]}"


def found_cells(change: CellChange) -> str:
    """How many changed cells the comparison with the baseline found, a dash where it did not look."""
    if change.proof is ChangeProof.NOT_COMPARED:
        return "\N{EN DASH}"
    if change.possible == change.found:
        return f"{change.found:,}"
    return f"{change.found:,} to {change.possible:,}"


def elapsed(milliseconds: float) -> str:
    """A duration as people say it."""
    if milliseconds < 1:
        return "< 1 ms"
    return f"{milliseconds:,.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.1f} s"


def moment(text: str) -> str:
    """An ISO 8601 time to the second, UTC; any other text as it is."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text


def shared_place(sample: tuple[Finding, ...]) -> list[str]:
    """Table and column, if these rows all lie in the same ones; said once, that leaves room for the keys."""
    places = {(finding.table, finding.column) for finding in sample}
    return [part for part in places.pop() if part] if len(places) == 1 else []


def shown_columns(sample: tuple[Finding, ...]) -> list[str]:
    """The columns of findings that hold something in at least one of these rows and differ between them."""
    used = {name for name in _KEY_COLUMNS for finding in sample if getattr(finding, name)}
    # An empty value is the news of many checks, so it is shown beside the one that was expected, and the other way.
    if used & {"expected", "found"}:
        used |= {"expected", "found"}
    if shared_place(sample):
        used -= {"table", "column"}
    return [name for name in _KEY_COLUMNS if name in used]


def evidence_rows(coverage: Coverage) -> list[tuple[str, int, int]]:
    """Kind of evidence, turns by runtime, turns by inference; in the order in which the audit names the kinds."""
    runtime: Mapping[str, int] = coverage.runtime_by_evidence
    inference: Mapping[str, int] = coverage.inference_by_evidence
    return [(kind, runtime.get(kind, 0), inference.get(kind, 0)) for kind in dict.fromkeys([*runtime, *inference])]
