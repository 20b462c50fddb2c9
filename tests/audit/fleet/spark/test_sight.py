"""Workers that see something else than others are found out."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from audit.fleet.manifest import FleetFile
from audit.fleet.spark.errors import UnseenFilesError
from audit.fleet.spark.sight import Seen, Sight
from audit.fleet.spark.worker_check import Sighting, judge_sights

FILES = [FleetFile(1, "a", "/data/a.db", "/data/a-timeline.db"), FleetFile(2, "b", "/data/b.db")]
A: Seen
TIMELINE: Seen
B: Seen
A, TIMELINE, B = (100, 1_700_000_000), (200, 1_700_000_001), (300, 1_700_000_002)
WHOLE: list[list[Seen]] = [[A, TIMELINE], [B]]


def sighting(host: str, seen: list[list[Seen]]) -> Sighting:
    return Sighting(host, 1, "", json.dumps(seen))


def sights(seen: list[list[Seen]]) -> list[Sight]:
    return [Sight(tuple(each)) for each in seen]


def test_all_see_the_same() -> None:
    met = [sighting("one", WHOLE), sighting("two", WHOLE)]

    assert judge_sights(FILES, met, sights(WHOLE)) == sights(WHOLE)


def test_whoever_drives_the_job_may_be_elsewhere() -> None:
    assert judge_sights(FILES, [sighting("one", WHOLE)], sights([[None, None], [None]])) == sights(WHOLE)


def test_a_worker_without_a_file_is_found_out() -> None:
    met = [sighting("one", WHOLE), sighting("two", [[A, None], [None]])]

    with pytest.raises(UnseenFilesError) as caught:
        judge_sights(FILES, met, sights(WHOLE))

    assert caught.value.who == "the worker on two"
    assert "/data/a-timeline.db is not there, while others see it, and 1 more file." in str(caught.value)


def test_workers_that_see_nothing_at_all_are_found_out() -> None:
    blind: list[list[Seen]] = [[None, None], [None]]

    with pytest.raises(UnseenFilesError, match="the worker on one does not see"):
        judge_sights(FILES, [sighting("one", blind), sighting("two", blind)], sights(WHOLE))


def test_another_file_under_the_same_path_is_found_out() -> None:
    met = [sighting("one", WHOLE), sighting("two", [[A, TIMELINE], [(301, 1_700_000_002)]])]

    with pytest.raises(UnseenFilesError, match=r"/data/b\.db is another file there"):
        judge_sights(FILES, met, sights(WHOLE))


def test_a_file_that_was_written_a_moment_ago_may_look_older_elsewhere() -> None:
    now = int(time.time())
    met = [sighting("one", [[A, TIMELINE], [(300, now - 5)]]), sighting("two", [[A, TIMELINE], [(200, now - 30)]])]

    assert judge_sights(FILES, met, sights([[A, TIMELINE], [(300, now)]]))


def test_what_nobody_sees_is_no_fault_of_a_worker() -> None:
    seen: list[list[Seen]] = [[None, TIMELINE], [B]]

    assert judge_sights(FILES, [sighting("one", seen)], sights(seen)) == sights(seen)


def test_a_file_is_seen_by_its_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"12345")
    os.utime(path, (1_700_000_000, 1_700_000_000))

    assert Sight.of(file_at(path)).seen == ((5, 1_700_000_000), None)
    assert Sight.of(FleetFile(1, "a", f"file://{path}")).seen == (None,)


def file_at(path: Path) -> FleetFile:
    return FleetFile(1, "a", str(path), str(path.with_name("missing.db")))
