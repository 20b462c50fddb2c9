from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.errors import InputFileError
from audit.results.cause import Cause
from audit.results.records import CheckResult, Finding, Status
from audit.runs.compared_run import RedactedRunsError, UnreadableRunError
from audit.runs.run_comparison import Fate, RunComparison, compare_runs
from support.audits.certified_run import kept_runs
from support.audits.report_examples import a_check, a_finding
from support.audits.run_folders import a_kept_run, counted_here, failing


def compared(a: Path, b: Path) -> RunComparison:
    """Counted in this process; one test below uses a process of its own, as the command does."""
    return compare_runs(a, b, counted_here)


def rows(check: str, *numbers: int, severity: str = "critical") -> list[Finding]:
    return [a_finding(check, number, severity=severity) for number in numbers]


def a_run(folder: Path, day: int, findings: Iterable[Finding], *others: CheckResult, **changes: object) -> Path:
    """A run whose checks failed with just these findings."""
    given = sorted(findings, key=lambda each: each.check)
    counts = Counter((each.check, each.severity) for each in given)
    checks = [failing(name, number, severity=severity) for (name, severity), number in counts.items()]
    return a_kept_run(folder, day, *checks, *others, findings=given, **changes)  # type: ignore[arg-type]


def told(comparison: RunComparison) -> dict[str, int]:
    return {fate: number for fate, number in comparison.findings.items() if number}


def test_what_only_b_has_is_new_and_what_only_a_has_is_gone(tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, rows("kept", 1, 2, 3))
    b = a_run(tmp_path, 2, rows("kept", 3, 4))

    found = compared(a, b)

    assert told(found) == {"new": 1, "gone": 2, "still there": 1}
    assert found.new_critical == 1
    (check,) = found.checks
    assert [place["turn_id"] for place in check.places[Fate.NEW]] == ["turn-000004"]
    assert [place["turn_id"] for place in check.places[Fate.GONE]] == ["turn-000001", "turn-000002"]


def test_a_finding_is_the_same_whatever_its_values(tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, [a_finding("kept", found="", expected="planner")])
    b = a_run(tmp_path, 2, [a_finding("kept", found="default", expected="coder")])

    assert told(compared(a, b)) == {"still there": 1}


def test_a_place_that_is_named_more_often_is_new_by_as_many(tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, rows("kept", 1))
    b = a_run(tmp_path, 2, rows("kept", 1, 1, 1))

    assert told(compared(a, b)) == {"new": 2, "still there": 1}


def test_what_passed_in_b_has_lost_its_findings(tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, rows("kept", 1, 2))
    b = a_run(tmp_path, 2, [], a_check("kept"))

    found = compared(a, b)

    assert told(found) == {"gone": 2}
    assert found.new_critical == 0


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.ERRORED, None])
def test_findings_of_a_check_that_did_not_run_in_b_are_not_gone(status: Status | None, tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, rows("kept", 1, 2), a_check("other"))
    others = [a_check("other"), *([a_check("kept", status=status)] if status else [])]
    b = a_run(tmp_path, 2, [], *others)

    found = compared(a, b)

    assert told(found) == {"not looked at in B": 2}
    assert [cause.fate for cause in found.causes] == [Fate.NOT_LOOKED_AT_IN_B]


def test_critical_findings_of_a_check_that_did_not_run_in_a_count_as_new_ones(tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, [], a_check("kept", status=Status.SKIPPED))
    b = a_run(tmp_path, 2, rows("kept", 1, 2))

    found = compared(a, b)

    assert told(found) == {"not looked at in A": 2}
    assert found.new_critical == 2


def test_what_a_check_left_behind_before_it_erred_is_not_compared(tmp_path: Path) -> None:
    a = a_kept_run(tmp_path, 1, a_check("kept", status=Status.ERRORED), findings=rows("kept", 1, 2))
    b = a_run(tmp_path, 2, rows("kept", 1, 2))

    found = compared(a, b)

    assert told(found) == {"not looked at in A": 2}
    assert found.new_critical == 2


def test_a_warning_that_is_new_is_nothing_critical(tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, [], a_check("blank"))
    b = a_run(tmp_path, 2, rows("blank", 1, severity="warning"))

    found = compared(a, b)

    assert (told(found), found.new_critical) == ({"new": 1}, 0)


def test_a_cause_comes_only_with_findings_that_are_new(tmp_path: Path) -> None:
    """In A these findings were told under another cause, which has gone."""

    def cause(check: str, findings: int) -> Cause:
        return Cause(check, "backfill", "critical", "lost", f"{check} is not so", findings, 1, 1)

    a = a_run(tmp_path, 1, rows("kept", 1) + rows("follows", 1), causes=(cause("kept", 1),))
    b = a_run(
        tmp_path,
        2,
        rows("follows", 1) + rows("fresh", 7),
        a_check("kept"),
        causes=(cause("fresh", 1), cause("follows", 1)),
    )
    found = compared(a, b)

    assert {each.check: each.fate for each in found.causes} == {
        "kept": Fate.GONE,
        "follows": Fate.STILL,
        "fresh": Fate.NOT_LOOKED_AT_IN_A,
    }


def test_the_worst_news_come_first(tmp_path: Path) -> None:
    a = a_run(tmp_path, 1, rows("one", 1) + rows("gone", 1), a_check("two"), a_check("three"))
    b = a_run(
        tmp_path, 2, rows("one", 1) + rows("two", *range(3)) + rows("three", 1, severity="warning"), a_check("gone")
    )

    found = compared(a, b)

    assert [each.check for each in found.checks] == ["two", "three", "gone", "one"]
    assert [(each.check, each.fate) for each in found.causes] == [
        ("two", Fate.NEW),
        ("three", Fate.NEW),
        ("gone", Fate.GONE),
        ("one", Fate.STILL),
    ]


def test_other_inputs_other_queries_and_the_wrong_order_are_said(tmp_path: Path) -> None:
    a = a_kept_run(tmp_path, 2, a_check("kept"), a_check("blank"), turns="a.db")
    b = a_kept_run(tmp_path, 1, a_check("kept", sql="SELECT 1"), a_check("blank", sql="SELECT 2"), turns="b.db")

    assert compared(a, b).remarks == (
        "The runs are of different inputs: a.db and b.db.",
        "A began after B: what is called new here was there before.",
        "The query of blank and 1 other check is another one in B, which alone can make findings come and go.",
    )
    assert compared(a, a).remarks == ()


def test_runs_of_version_0_1_are_compared_in_a_process_of_its_own(tmp_path: Path) -> None:
    reports = kept_runs(tmp_path).reports

    found = compare_runs(reports / "clean", reports / "damaged")

    assert told(found) == {"new": 8, "not looked at in A": 3}
    assert found.new_critical == 11
    assert {cause.check for cause in found.causes if cause.fate is Fate.NEW} >= {"runtime_complete"}


class TestWhatCannotBeCompared:
    def test_a_folder_that_is_no_run(self, tmp_path: Path) -> None:
        with pytest.raises(InputFileError, match="Name the folder of a run") as caught:
            compare_runs(a_kept_run(tmp_path, 1), tmp_path)
        assert caught.value.exit_code == 2

    def test_a_run_without_its_table(self, tmp_path: Path) -> None:
        a, b = a_kept_run(tmp_path, 1), a_kept_run(tmp_path, 2)
        (b / "findings.parquet").unlink()

        with pytest.raises(UnreadableRunError, match="the run has no table of its findings") as caught:
            compare_runs(a, b)
        assert caught.value.exit_code == 3

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 200 + b"PAR1", b"check,severity\n"])
    def test_a_damaged_table(self, content: bytes, tmp_path: Path) -> None:
        a, b = a_kept_run(tmp_path, 1), a_kept_run(tmp_path, 2)
        (b / "findings.parquet").write_bytes(content)

        with pytest.raises(UnreadableRunError, match="the findings cannot be compared"):
            compare_runs(a, b)

    def test_a_table_that_was_exchanged_for_a_better_one(self, tmp_path: Path) -> None:
        a, b = a_run(tmp_path, 1, rows("kept", 1, 2)), a_run(tmp_path, 2, rows("kept", 1, 2))
        (b / "findings.parquet").write_bytes((a_kept_run(tmp_path, 3) / "findings.parquet").read_bytes())

        with pytest.raises(UnreadableRunError, match=r"it has 0 rows of 'kept', and results\.json counts 2"):
            compared(a, b)

    def test_rows_of_a_check_that_nobody_knows(self, tmp_path: Path) -> None:
        a, b = a_kept_run(tmp_path, 1), a_kept_run(tmp_path, 2, findings=rows("unheard", 1))

        with pytest.raises(UnreadableRunError, match=r"it has 1 rows of 'unheard', and results\.json counts 0"):
            compared(a, b)


def redact(run: Path, redaction: object) -> Path:
    path = run / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"redaction": redaction}))
    return run


KEYED = {"method": "keyed"}


class TestRedactedRuns:
    def test_with_the_same_key_they_are_compared(self, tmp_path: Path) -> None:
        a, b = (redact(a_run(tmp_path, day, rows("kept", day)), KEYED | {"key_id": "ab12"}) for day in (1, 2))

        assert told(compared(a, b)) == {"new": 1, "gone": 1}

    @pytest.mark.parametrize("said", [{}, {"method": ""}, {"method": "", "key_id": ""}])
    def test_a_run_that_says_that_it_is_not_redacted_is_not(self, said: object, tmp_path: Path) -> None:
        a, b = redact(a_run(tmp_path, 1, rows("kept", 1)), said), a_run(tmp_path, 2, rows("kept", 1))

        assert told(compared(a, b)) == {"still there": 1}

    @pytest.mark.parametrize(
        ("one", "other", "problem"),
        [
            (KEYED | {"key_id": "ab12"}, KEYED | {"key_id": "cd34"}, "with different keys"),
            ({"method": "numbers"}, {"method": ""}, "the other is not"),
            (KEYED | {"key_id": "ab12"}, {}, "the other is not"),
            ({"method": "numbers"}, {"method": "numbers"}, "by numbers"),
            ({"method": "numbers"}, KEYED | {"key_id": "ab12"}, "by numbers"),
        ],
    )
    def test_otherwise_they_are_refused(self, one: object, other: object, problem: str, tmp_path: Path) -> None:
        a, b = redact(a_kept_run(tmp_path, 1), one), redact(a_kept_run(tmp_path, 2), other)

        for runs in ((a, b), (b, a)):
            with pytest.raises(RedactedRunsError, match=problem) as caught:
                compare_runs(*runs)
            assert caught.value.exit_code == 2
            assert "Compare the original runs" in str(caught.value)


NAMES = ("kept", "blank", "hole")
FOUND = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 4)), max_size=8)
NOT_RUN = st.frozensets(st.sampled_from(NAMES))


def drawn_run(folder: Path, found: list[tuple[str, int]], not_run: frozenset[str]) -> Path:
    findings = [finding for name, number in found if name not in not_run for finding in rows(name, number)]
    named = {finding.check for finding in findings}
    others = [
        a_check(name, status=Status.SKIPPED if name in not_run else Status.PASSED)
        for name in NAMES
        if name not in named
    ]
    return a_run(folder, 1, findings, *others)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(in_a=FOUND, not_in_a=NOT_RUN, in_b=FOUND, not_in_b=NOT_RUN)
def test_the_other_way_round_what_comes_goes_and_nothing_is_lost(
    in_a: list[tuple[str, int]],
    not_in_a: frozenset[str],
    in_b: list[tuple[str, int]],
    not_in_b: frozenset[str],
    tmp_path: Path,
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        a = drawn_run(Path(folder, "a"), in_a, not_in_a)
        b = drawn_run(Path(folder, "b"), in_b, not_in_b)
        forth, back, same = compared(a, b), compared(b, a), compared(a, a)

    mirrored = {
        "new": "gone",
        "gone": "new",
        "still there": "still there",
        "not looked at in A": "not looked at in B",
        "not looked at in B": "not looked at in A",
    }
    assert back.findings == {mirrored[fate]: number for fate, number in forth.findings.items()}
    assert {each.check: mirrored[each.fate] for each in forth.causes} == {each.check: each.fate for each in back.causes}
    counted_a = sum(forth.findings[fate] for fate in (Fate.GONE, Fate.STILL, Fate.NOT_LOOKED_AT_IN_B))
    counted_b = sum(forth.findings[fate] for fate in (Fate.NEW, Fate.STILL, Fate.NOT_LOOKED_AT_IN_A))
    assert counted_a == sum(name not in not_in_a for name, _ in in_a)
    assert counted_b == sum(name not in not_in_b for name, _ in in_b)
    assert forth.new_critical == forth.findings[Fate.NEW] + forth.findings[Fate.NOT_LOOKED_AT_IN_A]
    assert set(told(same)) <= {"still there"}
    assert same.new_critical == 0
