from __future__ import annotations

from pathlib import Path

import pytest

from audit.history.runtime_history import RuntimeHistory
from audit.policy.coverage import CONVERSATIONS_NAMED, MOST_PERIODS, UNDATED
from audit.results.records import Coverage, CoverageSlice
from support.files.runtime_files import DAY_MS, make_history
from support.files.sqlite_files import TURNS_DDL, run_sql


def coverage_of(path: Path) -> Coverage:
    with RuntimeHistory(path) as history:
        return history.coverage()


def test_months_are_those_of_creation_in_utc(tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"c": ["planner", "", "planner"]}, every_ms=30 * DAY_MS)

    assert coverage_of(path).by_month == (
        CoverageSlice("2026-01", 1, 1, 1),
        CoverageSlice("2026-03", 1, 0, 1),
        CoverageSlice("2026-04", 1, 1, 1),
    )


@pytest.mark.parametrize("created", ["0", "-5", "'yesterday'", "9223372036854775807", "1.5", "x'00ff'"])
def test_a_time_that_is_none_is_undated_and_still_counted(created: str, tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"c": ["planner", "planner"]})
    run_sql(path, f"UPDATE turns SET turn_created_at_ms = {created} WHERE turn_id = 'c-1'")

    coverage = coverage_of(path)

    assert [each.label for each in coverage.by_month] == ["2026-01", UNDATED]
    assert coverage.turns == 2


def test_a_long_history_is_told_by_years(tmp_path: Path) -> None:
    runtimes = ["planner"] * (MOST_PERIODS + 40)
    path = make_history(tmp_path / "turns.db", {"c": runtimes}, every_ms=31 * DAY_MS)
    run_sql(path, "UPDATE turns SET turn_created_at_ms = 0 WHERE turn_id = 'c-1'")

    slices = coverage_of(path).by_month

    assert slices[0].label == "2026"
    assert slices[-1].label == UNDATED
    assert sum(each.turns for each in slices) == len(runtimes)


def test_nonsense_times_do_not_make_thousands_of_slices(tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"c": ["planner", ""] * 200}, every_ms=366 * DAY_MS)

    slices = coverage_of(path).by_month

    assert len(slices) == MOST_PERIODS + 1
    assert slices[0].label.startswith("before 2")
    assert (sum(each.turns for each in slices), sum(each.runtime_known for each in slices)) == (400, 200)


def test_every_turn_belongs_to_one_class_of_evidence(tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"c": [""] * 6})
    for number, metadata in enumerate(
        [
            '{"geppetto.runtime@v1": "planner"}',
            '{"geppetto.runtime@v1": {"runtime_key": "planner"}}',
            '{"geppetto.runtime@v1": {"slug": "planner"}}',
            '{"runtime": "planner"}',
            '{"other": 1}',
            "{",
        ],
        start=1,
    ):
        run_sql(path, f"UPDATE turns SET turn_metadata_json = '{metadata}' WHERE turn_id = 'c-{number}'")

    coverage = coverage_of(path)

    assert list(coverage.runtime_by_evidence.items()) == [
        ("text", 1),
        ("map", 1),
        ("profile", 1),
        ("alias", 1),
        ("none", 1),
        ("malformed", 1),
    ]
    assert coverage.inference_by_evidence == {"none": 5, "malformed": 1}


def test_the_least_known_conversations_come_first_and_known_ones_not_at_all(tmp_path: Path) -> None:
    conversations = {f"gap-{number:02d}": [""] * number + ["planner"] for number in range(1, 30)}
    path = make_history(tmp_path / "turns.db", {**conversations, "known": ["planner"] * 50})

    coverage = coverage_of(path)

    assert coverage.by_conversation[0] == CoverageSlice("gap-29", 30, 1, 30)
    assert len(coverage.by_conversation) == CONVERSATIONS_NAMED
    assert (coverage.conversations, coverage.conversations_known) == (30, 1)


def test_a_file_without_turns_has_no_history(tmp_path: Path) -> None:
    run_sql(tmp_path / "turns.db", TURNS_DDL)

    assert coverage_of(tmp_path / "turns.db") == Coverage()
