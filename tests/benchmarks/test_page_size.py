"""A result is taken as if more had been found: the counts are exact, and the rows come one at a time."""

from __future__ import annotations

import pytest

from audit.results.records import Status, Verdict
from benchmarks.page_size import all_findings, with_findings
from support.audits.report_examples import a_check, a_failed_check, a_result


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("findings", [1, 10, 10_001])
def test_exactly_so_many_findings_are_counted_and_given(findings: int, everywhere: bool) -> None:
    base = a_result(a_failed_check("one"), a_failed_check("two"), a_check("three"), verdict=Verdict.FAILED)

    result = with_findings(base, findings, everywhere=everywhere)

    assert sum(check.findings for check in result.checks) == findings
    assert sum(1 for _ in all_findings(result)) == findings
    failed = [check.check for check in result.checks if check.status is Status.FAILED]
    assert len(failed) == min(findings, 3 if everywhere else 2)
