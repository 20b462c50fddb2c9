from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from audit.history import frames
from audit.history.runtime_history import RuntimeHistory
from audit.report.run_folder import write_run
from audit.results.records import Coverage, Verdict
from support.audits.report_examples import a_check, a_failed_check, a_finding, a_result
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql


@pytest.fixture
def history(tmp_path: Path) -> Iterator[RuntimeHistory]:
    path = make_history(tmp_path / "turns.db", {"c": ["planner", "coder", ""]})
    run_sql(path, "UPDATE turns SET turn_created_at_ms = 9223372036854775807 WHERE turn_id = 'c-3'")
    with RuntimeHistory(path) as opened:
        yield opened


def test_turns_have_utc_times_and_nothing_where_there_is_no_time(history: RuntimeHistory) -> None:
    table = frames.turns_table(history, "c")

    assert list(table["runtime_key"]) == ["planner", "coder", ""]
    assert table["created_at"][0] == pd.Timestamp("2026-01-02", tz="UTC")
    assert pd.isna(table["created_at"][2])


def test_segments_and_switches_are_those_of_the_history(history: RuntimeHistory) -> None:
    assert list(frames.segments_table(history, "c")["turns"]) == [1, 1, 1]
    assert list(frames.switches_table(history, "c")["to_runtime"]) == ["coder"]
    assert list(frames.runtimes_table(history)["turns"]) == [1, 1, 1]


def test_months_have_shares_beside_their_counts() -> None:
    table = frames.months_table(a_result().coverage)

    assert list(table["month"]) == ["2025-12", "2026-01", "2026-02"]
    assert table["runtime_share"][0] == pytest.approx(190 / 400)


def test_an_empty_table_has_its_columns_all_the_same() -> None:
    assert "runtime_share" in frames.months_table(Coverage()).columns
    assert "status" in frames.checks_table(replace(a_result(), checks=())).columns


def test_checks_are_a_row_each() -> None:
    table = frames.checks_table(a_result(a_check(), a_failed_check("other", findings=7)))

    assert list(table["findings"]) == [0, 7]


def test_findings_come_back_as_they_were_found(tmp_path: Path) -> None:
    folder = write_run(a_result(), tmp_path, [a_finding(found="=1+1"), a_finding(found="NA", expected="")])

    table = frames.findings_table(folder)

    assert list(table["found"]) == ["=1+1", "NA"]
    assert list(table["expected"]) == ["planner", ""]


def test_runs_are_a_row_each_and_unreadable_ones_left_out(tmp_path: Path) -> None:
    write_run(a_result(a_failed_check(findings=3), run_id="first", verdict=Verdict.FAILED), tmp_path, [])
    write_run(a_result(run_id="second", coverage=Coverage(), started_at="2026-03-01T00:00:00.000Z"), tmp_path, [])
    (tmp_path / "broken").mkdir()

    table = frames.runs_table(tmp_path)

    assert list(table["run_id"]) == ["first", "second"]
    assert list(table["critical"]) == [3, 0]
    assert table["runtime_share"][0] == pytest.approx(1730 / 2000)
    assert pd.isna(table["runtime_share"][1])
    assert table["started_at"][1] == pd.Timestamp("2026-03-01", tz="UTC")
