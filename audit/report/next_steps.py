"""What to do after an audit, the same on the page and on a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from audit.report.proven import Level, level_of
from audit.report.summary import failed_gates, summarize
from audit.results.records import AuditResult, Status, Verdict


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do and why, in a sentence, and the command that does it or says more; '' where none does."""

    sentence: str
    command: str = ""


def next_steps(result: AuditResult, run: str = "") -> tuple[NextStep, ...]:
    """The steps in their order: what keeps it from telling, the gravest cause, how a GO is kept or made stronger.

    Parameters
    ----------
    run
        Where the run lies, as a command names it; by default the id of the run, for somebody in the folder above it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from turntruth import load_run
    >>> next_steps(load_run(Path("reports/first")))[0].command
    'turntruth verify first'
    """
    run = shlex.quote(run or result.run_id)
    originals = " --input turns=ORIGINAL" if result.redaction.method else ""
    verify = NextStep(
        "Keep the whole folder; this shows later that page and files are as they were.",
        f"turntruth verify {run}{originals}",
    )
    return (*_in_the_way(result), *_stronger(result), verify)


def first_command(result: AuditResult, run: str) -> str:
    """What somebody would run now, with ``run`` as for the steps."""
    return next(step.command for step in next_steps(result, run) if step.command)


def _in_the_way(result: AuditResult) -> Iterator[NextStep]:
    summary = summarize(result)
    errored = [check for check in summary.attention if check.status is Status.ERRORED]
    if errored:
        yield NextStep(
            "Remove what kept the audit from judging, then audit again.", f"turntruth explain {errored[0].check}"
        )
    elif result.verdict is Verdict.ERRORED:
        yield NextStep("Give the audit what it did not have (below, not looked at), then audit again.")
    remedies = {check.check: check.remedy for check in result.checks}
    wrong = result.verdict is Verdict.FAILED or any(cause.severity == "critical" for cause in summary.causes)
    if wrong and summary.causes:
        first = summary.causes[0].check
        yield NextStep(remedies.get(first, ""), f"turntruth explain {first}")
    if failed_gates(result):
        yield NextStep(
            "See below which months and conversations are unknown, and whether another file has the evidence."
        )


def _stronger(result: AuditResult) -> Iterator[NextStep]:
    if result.verdict is Verdict.PASSED and level_of(result) is not Level.BASELINE:
        yield NextStep("Only the file from before can prove that nothing was lost: audit again with --baseline FILE.")
