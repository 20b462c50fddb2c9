"""Thresholds of a team: exact, at every size, and refused where they mean nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checks.check import Severity
from audit.errors import UsageError
from audit.policy.thresholds import Thresholds, parse_limit


@pytest.mark.parametrize(
    ("text", "findings", "scanned", "passed"),
    [
        ("> 10", 10, 100, False),
        ("> 10", 11, 100, True),
        (">= 10", 10, 100, True),
        (">10", 11, 0, True),
        ("> 0.1 %", 1, 1000, False),
        ("> 0.1 %", 2, 1000, True),
        (">= 0.1%", 1, 1000, True),
        ("> 0.1 %", 1, 999, True),
        ("> 100 %", 5, 5, False),
        ("> 100 %", 6, 5, True),
        ("> 50 %", 1, 0, True),
        (">= 0", 0, 10, False),
    ],
)
def test_a_limit_is_a_number_of_findings_or_a_share_of_the_scanned(
    text: str, findings: int, scanned: int, passed: bool
) -> None:
    assert parse_limit(text).is_passed(findings, scanned) is passed


@pytest.mark.parametrize("text", ["", "10", "< 10", "> -1", "> 1.5", "> ten", "> 101 %", "> 10 percent", "> 1e3"])
def test_another_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"> 0\.1 %"):
        parse_limit(text)


def test_the_severity_is_that_of_the_highest_limit_passed() -> None:
    both = Thresholds(parse_limit("> 0"), parse_limit("> 10"))
    assert [both.severity(findings, 100) for findings in (0, 1, 10, 11)] == [
        Severity.INFO,
        Severity.WARNING,
        Severity.WARNING,
        Severity.CRITICAL,
    ]
    assert Thresholds(critical_if=parse_limit("> 10")).severity(10, 100) is Severity.INFO
    assert Thresholds(warning_if=parse_limit("> 0")).severity(10**9, 1) is Severity.WARNING


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.decimals(0, 100, places=3, allow_nan=False))
def test_shares_are_compared_without_rounding(findings: int, scanned: int, per_cent: object) -> None:
    limit = parse_limit(f"> {per_cent} %")
    thousandths = int(str(per_cent).replace(".", ""))
    assert limit.is_passed(findings, scanned) is (findings > 0 and findings * 100_000 > thousandths * scanned)
