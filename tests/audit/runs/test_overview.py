from __future__ import annotations

from pathlib import Path

from audit.runs.overview import look_over
from support.audits.run_folders import a_kept_run


def test_runs_are_told_newest_first_and_by_input_the_oldest_first(tmp_path: Path) -> None:
    for day, turns in ((2, "a.db"), (1, "a.db"), (4, "b.db"), (3, "a.db")):
        a_kept_run(tmp_path, day, turns=turns)

    found = look_over(tmp_path)

    assert [run.run_id[10:12] for run in found.runs] == ["04", "03", "02", "01"]
    told = [(trend.input_path, [run.run_id[10:12] for run in trend.runs]) for trend in found.trends]
    assert told == [("b.db", ["04"]), ("a.db", ["01", "02", "03"])]


def test_beyond_the_most_only_the_newest_are_read_and_the_others_counted(tmp_path: Path) -> None:
    for day in range(1, 8):
        a_kept_run(tmp_path, day)

    found = look_over(tmp_path, most=3)

    assert [run.run_id[10:12] for run in found.runs] == ["07", "06", "05"]
    assert (found.left_out, len(found.names)) == (4, 7)


def test_what_cannot_be_read_is_told_apart(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1)
    (tmp_path / "assets").mkdir()

    found = look_over(tmp_path)

    assert [run.run_id for run in found.unreadable] == ["assets"]
    assert len(found.runs) == 1
