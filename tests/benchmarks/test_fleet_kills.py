"""A round in which a process dies counts what was lost, what came twice and what says something else."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from audit.fleet.fleet_folder import OUTCOME_FILE, FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.pool import Finished
from benchmarks.fleet_kills import Killer, Rounds

FILES = tuple(FleetFile(row, tenant, f"/files/{tenant}.db") for row, tenant in enumerate(("a", "b", "c"), 1))


def _run(fleet: FleetFolder, outcomes: dict[str, int], *, finished: str) -> Iterator[Finished]:
    """An engine that leaves these outcomes, as numbers of findings, and yields these tenants."""
    of = {file.tenant: file for file in FILES}
    for tenant, findings in outcomes.items():
        place = fleet.place_of(of[tenant])
        place.mkdir(parents=True)
        text = json.dumps({"findings": findings, "duration_ms": 1.5, "checks": [{"run_id": "r", "found": findings}]})
        (place / OUTCOME_FILE).write_bytes(gzip.compress(text.encode()))
    yield from (Finished(of[tenant], "audited") for tenant in finished)


def _take(folder: Path, outcomes: dict[str, int], finished: str) -> tuple[int, int, int]:
    expected = {name: {"findings": 0, "checks": [{"found": 0}]} for name in ("a", "b", "c")}
    rounds = Rounds(FILES, expected)
    fleet = FleetFolder(folder)
    rounds.take(fleet, lambda: _run(fleet, outcomes, finished=finished), Killer(list, 0))
    return rounds.lost, rounds.twice, rounds.others


def test_nothing_is_counted_of_a_round_that_says_what_it_should(tmp_path: Path) -> None:
    assert _take(tmp_path / "fleet", {"a": 0, "b": 0, "c": 0}, "abc") == (0, 0, 0)


def test_what_has_no_outcome_or_was_never_told_is_lost(tmp_path: Path) -> None:
    assert _take(tmp_path / "fleet", {"a": 0, "b": 0}, "ac") == (2, 0, 0)


def test_what_is_told_again_is_counted_twice(tmp_path: Path) -> None:
    assert _take(tmp_path / "fleet", {"a": 0, "b": 0, "c": 0}, "abcab") == (0, 2, 0)


def test_another_outcome_is_told_apart(tmp_path: Path) -> None:
    assert _take(tmp_path / "fleet", {"a": 0, "b": 7, "c": 0}, "abc") == (0, 0, 1)


def test_one_process_is_killed_and_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        with Killer(lambda: [process.pid], 0) as killer:
            assert process.wait(30) == -9
        assert killer.killed == 1
