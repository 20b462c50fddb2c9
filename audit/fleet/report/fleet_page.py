"""The page of a fleet: the verdict, what is wrong and with how many tenants, how much is known, and each tenant.

As the page of a run it loads nothing and escapes everything: names of tenants and paths are anybody's. Its one script
looks for tenants; without it the page is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from audit.fleet.fleet_result import FleetResult, TenantRow
from audit.fleet.report.fleet_text import WORDS, said_of, tenant_counts, worst
from audit.fleet.roll_up import SUITE
from audit.report.html import content_hash, page_environment
from audit.report.renderer import renderer_version
from audit.report.summary import summarize
from audit.results.records import Verdict

WORST_SHOWN = 20
CAUSES_SHOWN = 20
TENANTS_LISTED = 2_000
"""Of a larger fleet those with something wrong come first, and ``tenants.csv`` has all."""
NOT_LOOKED_AT_SHOWN = 10
_BANDS = 10


def render_fleet(result: FleetResult) -> str:
    """The text of ``index.html``; the same for the same result."""
    summary = summarize(result.total)
    bad = worst(result, len(result.tenants))
    named = {row.tenant for row in bad}
    listed = [*bad, *(row for row in result.tenants if row.tenant not in named)]
    return (
        _environment()
        .get_template("fleet.html.j2")
        .render(
            result=result,
            total=result.total,
            summary=summary,
            counts=tenant_counts(result),
            by_verdict=[(word, verdict.value, len(result.of(verdict))) for verdict, word in WORDS.items()],
            bands=coverage_bands(result),
            worst=bad[:WORST_SHOWN],
            listed=listed[:TENANTS_LISTED],
            across=[check for check in result.total.checks if check.suite == SUITE],
            compared_alone=bool(result.tenants) and all(row.contract for row in result.tenants),
            labels=sorted({label for row in result.tenants for label in row.labels}),
            script=tenant_script(),
        )
    )


@cache
def fleet_renderer_version() -> str:
    """What makes this page: that of the report, whose looks it has, and this folder."""
    hasher = hashlib.sha256(renderer_version().encode())
    for name, text in sorted(_sources()):
        hasher.update(f"{name}\n{len(text)}\n".encode() + text)
    return hasher.hexdigest()[:12]


def _sources() -> Iterator[tuple[str, bytes]]:
    here, looks = files("audit.fleet.report"), files("audit.runs")
    for entry in (*here.iterdir(), *(here / "templates").iterdir(), looks / "templates" / "runs.css"):
        if entry.name.endswith((".py", ".j2", ".js", ".css")):
            yield entry.name, entry.read_bytes()
    yield "fleet_result.py", (files("audit.fleet") / "fleet_result.py").read_bytes()


def coverage_bands(result: FleetResult) -> list[tuple[str, int]]:
    """How many tenants know the runtimes of how much of their turns, in bands of ten percent, the least known first."""
    shares = [row.coverage.runtime_known / row.coverage.turns for row in result.tenants if row.coverage.turns]
    bands = [0] * (_BANDS + 1)
    for known in shares:
        bands[int(known * _BANDS)] += 1
    names = [f"{10 * band} to under {10 * (band + 1)} %" for band in range(_BANDS)]
    return list(zip([*names, "all"], bands, strict=True))


def tenant_script() -> Markup:
    """The search, ours and of no text that is audited; the one thing in the page that is not escaped."""
    return Markup(files("audit.fleet.report").joinpath("templates", "tenants.js").read_text(encoding="utf-8"))  # noqa: S704


@cache
def _environment() -> Environment:
    environment = page_environment("audit.fleet.report", "audit.runs")
    environment.filters |= {"content_hash": content_hash, "said": said_of, "word": _word}
    environment.globals |= _LIMITS
    return environment


def _word(row: TenantRow) -> str:
    return WORDS[Verdict(row.verdict)]


_LIMITS: dict[str, Any] = {
    "causes_shown": CAUSES_SHOWN,
    "tenants_listed": TENANTS_LISTED,
    "not_looked_at_shown": NOT_LOOKED_AT_SHOWN,
}
