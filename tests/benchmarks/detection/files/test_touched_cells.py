"""What a fault has touched is seen in the files, whatever it has logged."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw

from benchmarks.detection.files.site import ROLES
from benchmarks.detection.files.touched_cells import read_cells, touched, with_what_follows


def test_cells_that_came_went_or_changed_are_touched(tmp_path: Path) -> None:
    for role in ROLES:
        run(tmp_path / f"{role}.db", "CREATE TABLE turns (a, 'b\"c')", "INSERT INTO turns VALUES (1, 'x'), (2, 'y')")
    before = read_cells(tmp_path)
    run(tmp_path / "turns.db", "UPDATE turns SET a = '1' WHERE rowid = 1", "DELETE FROM turns WHERE rowid = 2")
    run(tmp_path / "baseline.db", "INSERT INTO turns VALUES (3, CAST(x'ff' AS TEXT))")
    assert touched(before, read_cells(tmp_path)) == {
        ("turns", "turns", 1, "a"),
        ("turns", "turns", 2, "a"),
        ("turns", "turns", 2, 'b"c'),
        ("baseline", "turns", 3, "a"),
        ("baseline", "turns", 3, 'b"c'),
    }


def test_evidence_stands_for_what_it_is_evidence_of() -> None:
    for role in ("turns", "baseline"):
        cell = (role, "turns", 7, "turn_metadata_json")
        assert with_what_follows({cell}) == {
            cell, ("turns", "turns", 7, "runtime_key"), ("turns", "turns", 7, "inference_id"),
        }  # fmt: skip
    times = {("turns", "turns", 7, "updated_at_ms")}
    assert with_what_follows(times) == times


def run(path: Path, *statements: str) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        for statement in statements:
            connection.execute(statement)
