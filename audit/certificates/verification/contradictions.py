"""What in the results of a run cannot all be true at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from audit.policy.verdict import Gate, decide
from audit.results.records import AuditResult, CheckResult, Status, Verdict

_WITHOUT_FINDINGS = frozenset({Status.PASSED, Status.SKIPPED})


def contradictions(result: AuditResult) -> Iterator[str]:
    """A sentence for each; none in what an audit wrote."""
    shown = max((len(check.sample) for check in result.checks), default=0)
    for check in result.checks:
        for problem in _of_check(check, shown):
            yield f"{check.check}: {problem}"
    names = [check.check for check in result.checks]
    yield from (f"{name}: it is there twice" for name in sorted({name for name in names if names.count(name) > 1}))
    roles = [entry.role for entry in result.inputs]
    if roles[:1] != ["turns"]:
        yield "it names no file of turns that was audited"
    yield from (f"{role}: it is there twice" for role in sorted({role for role in roles if roles.count(role) > 1}))
    yield from _of_verdict(result)


def _of_check(check: CheckResult, shown: int) -> Iterator[str]:
    if hashlib.sha256(check.sql.encode()).hexdigest() != check.sql_sha256 and (check.sql or check.sql_sha256):
        yield "sql_sha256 is not that of its query"
    if check.status is Status.ERRORED:
        return
    if check.findings and check.status in _WITHOUT_FINDINGS:
        yield f"it is {check.status}, and has {check.findings} findings"
    if not check.findings and check.status is Status.FAILED:
        yield "it failed, and has no findings"
    if check.accepted > check.findings:
        yield f"{check.accepted} of {check.findings} findings are accepted"
    if len(check.sample) != min(check.findings, shown):
        yield f"it shows {len(check.sample)} of {check.findings} findings, and others show {shown}"
    if any(finding.check != check.check for finding in check.sample):
        yield "it shows a finding of another check"


def _of_verdict(result: AuditResult) -> Iterator[str]:
    """The verdict follows from the checks, unless the audit was incomplete, and that is told."""
    if result.gate not in set(Gate):
        yield f"there is no gate {result.gate!r}"
        return
    judged = [check for check in result.checks if check.status is not Status.SKIPPED]
    implied = decide(judged or result.checks, Gate(result.gate), (), result.coverage_gates)
    is_incomplete = result.verdict is Verdict.ERRORED and bool(result.not_looked_at)
    if result.verdict is not implied and not is_incomplete:
        yield f"the verdict is {result.verdict}, and its checks make it {implied}"
