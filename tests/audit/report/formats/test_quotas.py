from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audit.report.formats.quotas import LEAST, quotas
from audit.results.records import CheckResult
from support.audits.report_examples import a_failed_check

COUNTS = st.integers(min_value=0, max_value=5_000)
CHECKS = st.lists(st.tuples(COUNTS, COUNTS, st.sampled_from(["critical", "warning", "info", "other"])), max_size=8).map(
    lambda rows: [
        a_failed_check(f"check_{place}", findings=mine + theirs, accepted=theirs, severity=severity, sample=())
        for place, (mine, theirs, severity) in enumerate(rows)
    ]
)


def test_where_all_can_be_shown_there_is_no_quota() -> None:
    assert quotas([a_failed_check("one", findings=100)], 100) == {}


def test_the_gravest_have_the_room_and_each_of_the_others_a_few() -> None:
    checks = [
        a_failed_check("a_remark", findings=9_000, severity="info"),
        a_failed_check("lost", findings=800),
        a_failed_check("wrong", findings=9_000),
    ]

    assert quotas(checks, 1_000) == {
        ("a_remark", False): LEAST,
        ("lost", False): 475,
        ("wrong", False): 475,
    }


def test_a_large_check_takes_nothing_from_a_small_one_as_grave() -> None:
    checks = [a_failed_check("aaa", findings=10**7), a_failed_check("small", findings=60)]

    assert quotas(checks, 1_000) == {("aaa", False): 940, ("small", False): 60}


def test_accepted_findings_come_last() -> None:
    checks = [a_failed_check("one", findings=900, accepted=400), a_failed_check("two", findings=600, severity="info")]

    given_room = quotas(checks, 1_000)
    assert given_room[("one", False)] == 500
    assert given_room[("two", False)] == 450
    assert given_room[("one", True)] == LEAST


@given(CHECKS, st.integers(min_value=0, max_value=12_000))
def test_all_room_is_used_and_nobody_gets_more_than_there_is(checks: list[CheckResult], most: int) -> None:
    wanted = {(check.check, False): check.open_findings for check in checks} | {
        (check.check, True): check.accepted for check in checks
    }
    given_room = quotas(checks, most)

    if sum(wanted.values()) <= most:
        assert given_room == {}
        return
    assert sum(given_room.values()) == most
    assert all(0 <= number <= wanted[part] for part, number in given_room.items())
    few = min(LEAST, most // len(given_room))
    assert all(given_room[part] >= min(few, number) for part, number in wanted.items() if number)
