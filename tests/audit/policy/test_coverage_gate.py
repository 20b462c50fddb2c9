"""The least coverage that a team demands."""

from __future__ import annotations

import pytest

from audit.errors import UsageError
from audit.policy.coverage_gate import judge_coverage, parse_minimums
from audit.results import Coverage, Status

COVERAGE = Coverage(turns=1000, runtime_known=950, inference_known=949, conversations=10, conversations_known=9)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("runtime=95", Status.PASSED),
        ("runtime=95 %", Status.PASSED),
        ("runtime=95.01%", Status.FAILED),
        ("inference=94.9", Status.PASSED),
        ("inference=95", Status.FAILED),
        ("conversations=90", Status.PASSED),
        ("conversations=100", Status.FAILED),
        ("runtime=0", Status.PASSED),
    ],
)
def test_a_share_that_is_reached_passes(word: str, status: Status) -> None:
    (gate,) = judge_coverage(COVERAGE, parse_minimums([word]))
    assert gate.status is status
    assert gate.known <= gate.total


def test_every_measure_is_judged_by_itself() -> None:
    gates = judge_coverage(COVERAGE, parse_minimums(["conversations=50", "runtime=99"]))
    assert [(gate.measure, gate.minimum, gate.status) for gate in gates] == [
        ("runtime", "99 %", Status.FAILED),
        ("conversations", "50 %", Status.PASSED),
    ]


def test_where_there_is_no_history_nothing_is_unknown() -> None:
    (gate,) = judge_coverage(Coverage(), parse_minimums(["runtime=100"]))
    assert gate.status is Status.PASSED


@pytest.mark.parametrize(
    "word", ["runtime", "runtime=", "runtime=101", "runtime=-1", "runtime=most", "turns=5", "=5", ""]
)
def test_another_word_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match=r"0 to 100 %|known are runtime, inference, conversations"):
        parse_minimums([word])
