"""What is kept of the rounds of an arm, and how a failed one is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.arm import Measured, answer, keep, markdown, run


def test_the_fastest_round_counts_and_of_bounds_the_worst_of_all_rounds() -> None:
    kept: dict[str, Measured] = {}
    keep(kept, "migrate", Measured(2.0, 50.0, {"most_waited_ms": 20.0, "index_ms": 7.0}))
    keep(kept, "migrate", Measured(3.0, 60.0, {"most_waited_ms": 90.0, "index_ms": 9.0}))
    keep(kept, "migrate", Measured(1.0, 40.0, {"most_waited_ms": 10.0, "index_ms": 5.0}))
    assert kept == {"migrate": Measured(1.0, 60.0, {"most_waited_ms": 90.0, "index_ms": 5.0})}


def test_an_arm_that_prepares_something_says_itself_how_long_its_work_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer({"work": lambda path: {"seconds": 0.25, "name": path.name}}, ["work", f"{tmp_path / 'a.db'}"])
    told = capsys.readouterr().out
    assert told.startswith('{"seconds": 0.25, ')
    assert told.endswith('"said": {"name": "a.db"}}\n')


def test_an_arm_that_fails_fails_the_run(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run("benchmarks.backup_arms", "copy", tmp_path / "none.db")


def test_a_table_is_markdown() -> None:
    assert markdown("### T", ("a", "b"), [("1", "")]) == "### T\n\n| a | b |\n| --- | --- |\n| 1 |  |"
