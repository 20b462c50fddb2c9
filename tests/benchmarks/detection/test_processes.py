"""The processes of a drill end with it however it ends, and one that is killed is told as such."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from support.processes.interrupted_process import CODES, Ended, Process

WORDS = ["--trials", "2", "--fault", "V1", "--workers", "2"]
PROGRAM = """
from audit.cli import main
from benchmarks.detection import campaign
from benchmarks.detection.command import build_app
campaign.build_world = lambda *_: None
main(build=build_app)
"""
"""A drill without its worlds, which take longest: what its processes do with them is nothing to these tests."""


def workers(drill: Process) -> list[int]:
    """The processes that make faults."""
    found = []
    for each in drill.processes():
        with contextlib.suppress(OSError):
            if b"multiprocessing.spawn" in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(each)
    return found


def stopped(folder: Path, number: int, *, worker: bool = False, group: bool = False) -> Ended:
    """How a drill ends when it, or one of its processes, gets a signal."""
    drill = Process(WORDS, folder, PROGRAM)
    drill.wait_for(lambda: workers(drill))
    if worker:
        os.kill(workers(drill)[0], number)
    else:
        drill.send(number, group=group)
    return drill.end()


@pytest.mark.parametrize("group", [False, True], ids=["alone", "with its group"])
@pytest.mark.parametrize("number", CODES)
def test_a_signal_ends_all_of_them(tmp_path: Path, number: signal.Signals, group: bool) -> None:
    ended = stopped(tmp_path, number, group=group)

    assert ended.exit_code == CODES[number], ended
    told = "nothing was written; the same command begins anew, and makes the same faults"
    assert ended.err == f"turntruth: interrupted by {number.name}: {told}\n"
    assert (ended.left, ended.processes) == ([], [])


def test_none_outlives_a_drill_that_is_killed(tmp_path: Path) -> None:
    ended = stopped(tmp_path, signal.SIGKILL)

    assert ended.exit_code == -signal.SIGKILL
    assert ended.processes == []


def test_one_that_is_killed_is_told_and_is_no_defect(tmp_path: Path) -> None:
    ended = stopped(tmp_path, signal.SIGKILL, worker=True)

    assert ended.exit_code == 3, ended
    told = "a process that makes faults was killed (out of memory?). Run the drill again, with fewer --workers"
    assert ended.err == f"turntruth: {told}\n"
    assert (ended.left, ended.processes) == ([], [])
