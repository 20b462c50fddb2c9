from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.runs.kept_run import read_run
from audit.runs.pictures import BAR_PX, TREND_HEIGHT_PX, TREND_RUNS, draw_trend, finding_pieces, known_length
from support.audits.run_folders import a_kept_run, failing, knowing

NUMBERS = st.fixed_dictionaries({name: st.integers(0, 10**12) for name in ("critical", "warning", "info")})


@given(NUMBERS, st.integers(0, 10**12))
def test_a_bar_stays_within_its_place_without_gaps_whatever_the_numbers(numbers: dict[str, int], most: int) -> None:
    pieces = finding_pieces(numbers, most)

    assert [piece.kind for piece in pieces] == [name for name, count in numbers.items() if count]
    end = 0.0
    for piece in pieces:
        assert piece.start == pytest.approx(end)
        end = piece.start + piece.length
    assert end <= BAR_PX + 1e-6
    assert (end > 0) is (sum(numbers.values()) > 0)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_findings_never_have_a_shorter_bar(one: int, other: int) -> None:
    lengths = [sum(piece.length for piece in finding_pieces({"info": each}, 10**9)) for each in sorted((one, other))]

    assert lengths[0] <= lengths[1] + 1e-9


def test_a_bar_of_what_is_known_is_as_long_as_its_share(tmp_path: Path) -> None:
    assert known_length(read_run(a_kept_run(tmp_path, 1, coverage=knowing(500)))) == BAR_PX / 4
    assert known_length(read_run(a_kept_run(tmp_path, 2, coverage=knowing(0, of=0)))) == 0


def test_a_trend_goes_from_the_oldest_to_the_newest_of_the_last_runs(tmp_path: Path) -> None:
    runs = [read_run(a_kept_run(tmp_path, day, failing(findings=day), coverage=knowing(day))) for day in range(1, 4)]

    picture = draw_trend(runs * TREND_RUNS)

    assert len(picture.columns) == TREND_RUNS
    assert picture.columns[-1].run_id == runs[-1].run_id
    assert picture.columns[-1].x < picture.width
    assert [round(sum(piece.length for piece in column.pieces)) for column in draw_trend(runs).columns][-1] == (
        TREND_HEIGHT_PX
    )


def test_where_there_are_no_turns_the_line_has_a_gap(tmp_path: Path) -> None:
    runs = [read_run(a_kept_run(tmp_path, day, coverage=knowing(0, of=turns))) for day, turns in ((1, 9), (2, 0))]

    picture = draw_trend(runs)

    assert [column.known_y for column in picture.columns] == [TREND_HEIGHT_PX, None]
    assert picture.line == f"3.0,{TREND_HEIGHT_PX}.0"
