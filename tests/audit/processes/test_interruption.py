"""A signal is raised once, told once, and ends the process whatever it is in; nothing else is told of it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from support.processes.interrupted_process import CODES, Ended, Process

PREPARE = """
import atexit, os, signal, sys, threading, time
from audit.processes import interruption
from audit.processes.interruption import guarded, handed_to, on_leaving, shielded, stands
def send(number=signal.SIGTERM): os.kill(os.getpid(), number)
def say(*words): print(*words, flush=True)
on_leaving(lambda: say("removed"))
"""


def run(folder: Path, work: str, *, after: str = "", before: str = "") -> Ended:
    """Run the statements of a command."""
    body = "\n".join(f"    {line}" for line in work.strip().splitlines())
    program = f"{PREPARE}{before}\ndef work():\n{body}\n    return 0\ncode = guarded(work)\n{after}\nsys.exit(code)"
    return Process([], folder, program).end()


def assert_ended(ended: Ended, number: int = signal.SIGTERM) -> None:
    """Its code, and one line."""
    name = signal.Signals(number).name
    assert ended.exit_code == CODES[signal.Signals(number)], ended
    told = f"turntruth: interrupted by {name}: nothing was written; run the same command again\n"
    assert ended.err == told


@pytest.mark.parametrize("number", CODES)
def test_each_signal_has_its_code_and_its_line(tmp_path: Path, number: int) -> None:
    ended = run(tmp_path, f"send({number:d})\ntime.sleep(60)")

    assert_ended(ended, number)
    assert ended.out == "removed\n"


def test_what_is_in_use_is_let_go_of_in_order(tmp_path: Path) -> None:
    assert run(tmp_path, "try:\n    send(); time.sleep(60)\nfinally:\n    say('closed')").out == "closed\nremoved\n"


def test_the_line_says_what_was_last_said_of_where_it_stands(tmp_path: Path) -> None:
    ended = run(tmp_path, "stands('begun'); stands('half is done;\\n run it again')\nsend()\ntime.sleep(60)")

    assert ended.err == "turntruth: interrupted by SIGTERM: half is done; run it again\n"


def test_a_second_signal_does_not_disturb_what_the_first_began(tmp_path: Path) -> None:
    ended = run(tmp_path, "try:\n    send(); time.sleep(60)\nfinally:\n    send(signal.SIGINT); say('closed')")

    assert_ended(ended)
    assert ended.out == "closed\nremoved\n"


def test_a_third_signal_does_not_wait_but_removes_what_there_is(tmp_path: Path) -> None:
    ended = run(tmp_path, "try:\n    send(); time.sleep(60)\nfinally:\n    send(); send(); say('never said')")

    assert_ended(ended)
    assert ended.out == "removed\n"


def test_a_library_that_crashes_at_the_interpreters_end_changes_no_exit_code(tmp_path: Path) -> None:
    """As one may that was interrupted while it was loading."""
    crash, leave = "atexit.register(os.abort)", "interruption.leave_interrupted()"
    assert_ended(run(tmp_path, "print('told', end='')\nsend(); time.sleep(60)", before=crash, after=leave))
    assert run(tmp_path, "say('done')", before=crash, after=leave).exit_code == -signal.SIGABRT


def test_signals_while_things_are_removed_change_nothing(tmp_path: Path) -> None:
    ended = run(tmp_path, "send(); time.sleep(60)", before="on_leaving(lambda: (send(), say('first')), first=True)")

    assert_ended(ended)
    assert ended.out == "first\nremoved\n"


def test_removing_what_cannot_be_removed_keeps_nothing_else(tmp_path: Path) -> None:
    ended = run(tmp_path, "send(); time.sleep(60)", before="on_leaving(lambda: 1 / 0, first=True)")

    assert_ended(ended)
    assert ended.out == "removed\n"


def test_no_signal_comes_within_a_shield_and_it_is_not_forgotten(tmp_path: Path) -> None:
    work = "with shielded():\n    send(); time.sleep(0.1); say('whole')\nsay('never said')"

    assert run(tmp_path, work).out == "whole\nremoved\n"


def test_one_that_comes_where_nothing_can_be_raised_is_raised_again(tmp_path: Path) -> None:
    work = "class Closing:\n    def __del__(self): send(); say('closing')\nClosing()\ntime.sleep(60)"

    assert_ended(run(tmp_path, work))


def test_one_that_a_library_swallows_is_raised_again(tmp_path: Path) -> None:
    work = "try:\n    send(); time.sleep(60)\nexcept BaseException:\n    say('swallowed')\ntime.sleep(60)"
    ended = run(tmp_path, work)

    assert_ended(ended)
    assert ended.out == "swallowed\nremoved\n"


def test_another_error_that_comes_of_it_is_the_signal_all_the_same(tmp_path: Path) -> None:
    """DuckDB tells it as an error of its own, which is no defect of ours."""
    program = (
        "import os, signal, sys\nfrom audit import cli\n"
        "def app(**_):\n"
        "    try: os.kill(os.getpid(), signal.SIGHUP); signal.pause()\n"
        "    except KeyboardInterrupt: raise RuntimeError('Query interrupted') from None\n"
        "cli.build_app = lambda *_: app\ncli.main([])"
    )
    assert_ended(Process([], tmp_path, program).end(), signal.SIGHUP)


def test_a_statement_of_sqlite_is_not_waited_for(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    work = (
        "threading.Timer(0.2, send).start()\n"
        f"try: connection.execute({endless!r}).fetchall()\nexcept apsw.InterruptError: pass\nsay('never said')"
    )
    ended = run(tmp_path, work, before="import apsw\nconnection = apsw.Connection(':memory:')")

    assert_ended(ended)
    assert ended.out == "removed\n"


def test_a_process_that_does_not_come_back_is_ended(tmp_path: Path) -> None:
    """Something keeps it from everything that could be raised in it."""
    work = "interruption._watch.patience_s = 0.3\nwith shielded():\n    send()\n    time.sleep(60)"
    ended = run(tmp_path, work)

    assert_ended(ended)
    assert ended.out == "removed\n"


def test_what_threads_meet_when_all_is_over_is_not_told(tmp_path: Path) -> None:
    work = "send_at_end = threading.Thread(target=fail)\nsend_at_end.start(); send(); time.sleep(60)"

    assert_ended(run(tmp_path, work, before="def fail():\n    time.sleep(0.2)\n    raise ValueError('closed')\n"))


@pytest.mark.parametrize("number", CODES)
def test_signals_that_were_ignored_at_the_start_stay_ignored(tmp_path: Path, number: int) -> None:
    before = f"signal.signal({number:d}, signal.SIG_IGN)"
    ended = run(tmp_path, f"send({number:d}); time.sleep(0.1); say('done')", before=before)

    assert (ended.exit_code, ended.out, ended.err) == (0, "done\n", "")


@pytest.mark.parametrize("times", [0, 1])
def test_a_command_that_has_ended_keeps_its_own_code(tmp_path: Path, times: int) -> None:
    """Exit handlers run then, of what was loaded before the command began and after."""
    close = f"atexit.register(lambda: ([send() for _ in range({times})], say('closed')))"
    work = f"{close}; say('done')"
    ended = run(tmp_path, work, before=close, after="code = 1")

    assert (ended.exit_code, ended.out, ended.err) == (1, "done\nclosed\nclosed\n", "")


def test_an_exit_that_hangs_can_be_ended(tmp_path: Path) -> None:
    work = "atexit.register(lambda: (send(), send(), send(), time.sleep(60)))"

    assert run(tmp_path, work).exit_code == 0


def test_signals_that_are_handed_to_somebody_are_his(tmp_path: Path) -> None:
    work = "with handed_to(lambda number: say('got', number)):\n    send(); send(); send(); time.sleep(0.2)"
    ended = run(tmp_path, work)

    assert (ended.exit_code, ended.err) == (0, "")
    assert ended.out == "got 15\n" * 3


def test_what_ends_by_a_signal_as_a_rule_ends_well(tmp_path: Path) -> None:
    ended = run(tmp_path, "interruption.ends_well(); stands('the end')\nsend(); time.sleep(60)")

    assert (ended.exit_code, ended.err) == (0, "turntruth: stopped by SIGTERM: the end\n")
