"""Programs that stand in for turntruth in the laboratory, each wrong in one way: as functions, and as processes."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import apsw

from audit.cli import run
from benchmarks.faults.tool import Tool


def _execute(path: str, sql: str) -> None:
    with closing(apsw.Connection(path)) as connection:
        connection.set_busy_timeout(10_000)  # others may write meanwhile
        connection.execute(sql)


def loses_a_turn(arguments: Sequence[str]) -> int:
    exit_code = run(arguments)
    if arguments[0] == "migrate":
        _execute(arguments[1], "DELETE FROM turns WHERE rowid = 7")
    return exit_code


def says_that_it_migrated(arguments: Sequence[str]) -> int:
    return 0


def crashes(arguments: Sequence[str]) -> int:
    raise ZeroDivisionError(arguments[0])


def hangs(arguments: Sequence[str]) -> int:
    time.sleep(3600)
    return 0


def refuses_after_a_change(arguments: Sequence[str]) -> int:
    with Path(arguments[1]).open("ab") as stream:
        stream.write(b"x")
    sys.stderr.write("turntruth: refused\n")
    return 2


def leaves_a_partial_file(arguments: Sequence[str]) -> int:
    Path(arguments[1]).with_suffix(".partial").touch()
    return run(arguments)


def ends_with_7(arguments: Sequence[str]) -> int:
    return 7


def refuses_without_a_word(arguments: Sequence[str]) -> int:
    return 2


def tool(entry: str) -> Tool:
    """The program whose name that is."""
    folder = str(Path(__file__).resolve().parents[2])
    program = f"import sys; sys.path.insert(0, {folder!r}); import {__name__} as faulty_tools; "
    program += f"sys.exit(faulty_tools.{entry}(sys.argv[1:]))"
    return Tool((sys.executable, "-c", program), f"{__name__}:{entry}")
