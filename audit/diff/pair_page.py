"""The page of a comparison, made of its results.json alone; no script, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from audit.diff.pair_record import ROWS_SHOWN, record_text
from audit.diff.pair_result import counted_claims
from audit.report.html import page_environment, size
from audit.report.renderer import renderer_version

_TONES = {0: "passed", 1: "failed", 3: "errored"}


def render_pair_page(record: Mapping[str, Any]) -> str:
    """The text of ``index.html``; whatever comes from the files is escaped."""
    environment = page_environment("audit.diff")
    environment.filters["size"] = size
    environment.filters["counted_claims"] = counted_claims
    changes = tuple(record["counts"])
    by_change = {change: [each for each in record["sample"] if each["change"] == change] for change in changes}
    return environment.get_template("pair.html.j2").render(
        record=record,
        tone=_TONES[record["exit_code"]],
        by_change=by_change,
        totals={change: sum(record["counts"][change].values()) for change in changes},
        shown=ROWS_SHOWN,
        results_sha256=sha256(record_text(record).encode()).hexdigest(),
    )


@cache
def pair_renderer_version() -> str:
    """What makes this page: that of the report, whose looks it has, and this folder."""
    hasher = hashlib.sha256(renderer_version().encode())
    for name, text in sorted(_sources()):
        hasher.update(f"{name}\n{len(text)}\n".encode() + text)
    return hasher.hexdigest()[:12]


def _sources() -> Iterator[tuple[str, bytes]]:
    folder = resources.files("audit.diff")
    for entry in (*folder.iterdir(), *(folder / "templates").iterdir()):
        if entry.name.startswith("pair") and entry.name.endswith((".py", ".j2")):
            yield entry.name, entry.read_bytes()
