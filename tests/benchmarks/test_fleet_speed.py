"""What is measured of fleets is what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fleet_speed import LOOPED, Cost, copy, rows, unit, write_tenant


def test_both_arms_work_on_the_same_files(tmp_path: Path) -> None:
    for number in range(2):
        write_tenant(tmp_path, number)
    listed = tmp_path / "some.txt"
    listed.write_text("\n".join(str(path) for path in sorted(tmp_path.glob("*/turns.db"))))
    ours, reference = unit(listed), copy(listed)
    assert ours["whole"] > ours["seconds"] > 0
    assert reference["seconds"] > 0


def test_ratios_are_those_of_one_file() -> None:
    table = rows(1_000, Cost(LOOPED * 5.0, LOOPED * 8.0), Cost(250.0, 400.0), {"unit": 0.2, "copy": 0.01}, 300, 40, 1.8)
    assert [row[3] for row in table[:4]] == ["0.050 x", "20 x", "20.0 x faster", "1.80 x faster"]
    with pytest.raises(ZeroDivisionError):
        rows(1_000, Cost(0, 0), Cost(1, 1), {"unit": 1, "copy": 1}, 1, 1, 1)
