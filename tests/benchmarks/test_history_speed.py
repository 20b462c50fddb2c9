"""What is compared is the same answer: by hand and by the product, also where the times of turns tie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.arm import Measured
from benchmarks.history_speed import by_hand, digest, history, rows
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql


@pytest.mark.parametrize("tied", [False, True])
def test_both_arms_find_the_same_switches(tied: bool, tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"a": ["planner", "", "coder", "planner"], "b": ["coder"] * 3})
    if tied:
        # Turns are inserted last first: only the first snapshot tells their order.
        run_sql(
            path,
            "CREATE TABLE turn_block_membership (conv_id TEXT, session_id TEXT, turn_id TEXT, phase TEXT,"
            " snapshot_created_at_ms INTEGER, ordinal INTEGER, block_id TEXT, content_hash TEXT)",
            "INSERT INTO turn_block_membership"
            " SELECT conv_id, session_id, turn_id, 'final', turn_created_at_ms, 0, 'b', 'h' FROM turns",
            "UPDATE turns SET turn_created_at_ms = 1",
        )

    reference, ours = by_hand(path), history(path)
    expected = [("a", "a-3", "planner", "coder"), ("a", "a-4", "coder", "planner")]

    assert reference["found"] == ours["found"] == digest(expected)
    assert reference["switches"] == ours["switches"] == 2


def test_other_switches_are_no_measurement() -> None:
    def found(digest: str) -> Measured:
        said: dict[str, Any] = {"found": digest, "switches": 1, "reading": 1.0, "most_mb": 1.0}
        return Measured(1.0, 1.0, said)

    assert len(rows(200_000, found("a"), found("a"))) == 3
    with pytest.raises(AssertionError, match="do not find the same"):
        rows(200_000, found("a"), found("b"))
