"""When the judge loads depends on how long the files take to be read, and on the memory that they need."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from audit.great_expectations import loading
from audit.great_expectations.loading import begin_loading
from audit.great_expectations.validation_process import Judge


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What judges were asked to do, in order; none starts a process."""
    calls: list[str] = []
    monkeypatch.setattr(Judge, "_start", lambda _: calls.append("start"))
    monkeypatch.setattr(Judge, "give_way", lambda _: calls.append("give way"))
    monkeypatch.setattr(Judge, "put_off", lambda _: calls.append("put off"))
    return calls


@pytest.mark.parametrize(
    ("in_time", "last", "expected"),
    [
        pytest.param(1001, 2000, ["start"], id="below the limit it loads as fast as it can"),
        pytest.param(1000, 2000, ["start", "give way"], id="where reading takes longer it gives way"),
        pytest.param(500, 1000, ["start", "put off"], id="beside very big files it does not wait in memory"),
    ],
)
def test_the_size_of_all_files_together_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], in_time: int, last: int, expected: list[str]
) -> None:
    monkeypatch.setattr(loading, "LOADS_IN_TIME_FROM_BYTES", in_time)
    monkeypatch.setattr(loading, "LOADS_LAST_FROM_BYTES", last)
    paths = [tmp_path / "turns.db", tmp_path / "timeline.db", tmp_path / "is_not_there.db"]
    paths[0].write_bytes(bytes(400))
    paths[1].write_bytes(bytes(600))
    with ExitStack() as stack:
        begin_loading(paths, stack)
    assert asked == expected


def test_one_that_loads_already_is_used_and_left_to_whoever_began_it(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    ended: list[Judge] = []
    monkeypatch.setattr(Judge, "__exit__", lambda judge, *_: ended.append(judge))
    begun = Judge()
    with ExitStack() as stack:
        assert begin_loading([], stack, begun) is begun
    assert (asked, ended) == ([], [])
