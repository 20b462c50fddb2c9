"""The outcome of a trial of a check, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.results.records import Finding
    from audit.trial.trial import Trial

SHOWN = 10


def as_text(trial: Trial) -> Iterator[str]:
    """Lines to print."""
    check = trial.check
    yield f"{check.suite}/{check.name}: {check.title}"
    if trial.scanned:
        yield f"looked at   {trial.scanned:,} rows of {check.scans} in a clean sample"
    if check.untested:
        yield "untested    its file has no `breaks`: of no damage it is known that it would find it"
    if trial.damaged:
        yield f"damaged     {trial.damaged:,} {'row' if trial.damaged == 1 else 'rows'}"
    if trial.named:
        yield f"named       {trial.named:,}"
        yield from (f"            {_one_line(finding)}" for finding in trial.findings[:SHOWN])
        if trial.named > SHOWN:
            yield f"            … and {trial.named - SHOWN:,} more"
    if trial.damaged:
        yield f"also answer {', '.join(trial.answering) or 'no other check'}"
    if trial.header:
        yield "its header should say:"
        yield from (f"            -- {key}: {value}" for key, value in trial.header)
    yield from (f"problem     {problem}" for problem in trial.problems)
    yield "works" if trial.works else "does not do what it says"


def as_json(trial: Trial) -> dict[str, object]:
    """Plain JSON values."""
    check = trial.check
    return {
        "check": check.name,
        "suite": check.suite,
        "works": trial.works,
        "untested": check.untested,
        "problems": list(trial.problems),
        "scanned": trial.scanned,
        "damaged": trial.damaged,
        "named": trial.named,
        "findings": [asdict(finding) for finding in trial.findings],
        "answering": list(trial.answering),
        "header": dict(trial.header),
    }


def _one_line(finding: Finding) -> str:
    keys = [finding.conv_id, finding.session_id, finding.turn_id, finding.key]
    place = " ".join(key for key in keys if key)
    column = f" {finding.column}" if finding.column else ""
    return f"{place}{column}: expected {finding.expected or 'nothing'!s}, found {finding.found or 'nothing'!s}"
