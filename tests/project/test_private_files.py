"""Nobody may use what a command writes who may not use the databases that it read; tried without special rights."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from audit.cli import build_app
from support.processes.fleet_work import environment
from support.processes.unprivileged import give_away, unprivileged

PROGRAM = Path(__file__).resolve().parents[1] / "support" / "processes" / "private_walk.py"
MODES = ["600", "640", "644", "444"]
UMASKS = ["000", "022", "077"]
# Without special rights a file that is to be migrated has to be writable; the audit and the library only read it.
READ_ONLY = "444"
NOT_WALKED = {
    "contract": "reads two files as diff does, and writes nothing",
    "demo": "writes databases of its own making, which are nobody's",
    "ticket-doctor": "reads pages of a project, and writes into those that are there already",
    "notebook": "starts a kernel, which tests of its own do; its copies and pages are held to the same there",
    "serve": "ends only by a signal, which the walk does not send",
}


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What `private_walk.py` saw, by the mode of the inputs and the umask."""
    folder = tmp_path_factory.mktemp("walks")
    give_away(folder)
    command = [*unprivileged(), sys.executable, str(PROGRAM), str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment())
    assert ran.returncode == 0, ran.stderr[-2_000:]
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    return {(each["mode"], each["umask"]): each for each in found}


@pytest.mark.parametrize(("mode", "umask"), [*product(MODES, UMASKS), ("644 and 640", "000")])
def test_others_may_do_with_what_is_written_what_they_may_do_with_every_input(
    walks: dict[tuple[str, str], dict[str, Any]], mode: str, umask: str
) -> None:
    walk = walks[mode, umask]

    assert walk["wrong"] == {}
    codes = {code for command, code in walk["codes"] if command not in {"migrate", "rollback", "fleet"}}
    assert codes == {0}, walk["codes"]
    assert {"new/reports/one/results.json", "new/reports/index.html", "sarif.out"} <= set(walk["seen"])
    if mode != READ_ONLY:
        assert {code for _, code in walk["codes"]} == {0}, walk["codes"]
    if mode in {"600", "640", "644"}:
        assert {"library.db", "named.db"} <= set(walk["seen"])


def test_what_is_there_for_a_moment_only_is_seen_as_well(walks: dict[tuple[str, str], dict[str, Any]]) -> None:
    seen = "\n".join(walks["600", "000"]["seen"])

    for passing in (
        r"^library\.db\.\w+\.partial$",
        r"^new/reports/\.one\..*/results\.json$",
        r"^new/reports/\.index\.\w+\.unfinished/index\.html$",
        r"^\.sarif\.out\.\w+",
        r"^temporary/turntruth-\w+/warehouse\.duckdb$",
        r"^temporary/turntruth-\w+/input-0/input\.db$",
    ):
        assert re.search(passing, seen, re.MULTILINE), seen


def test_no_command_is_forgotten(walks: dict[tuple[str, str], dict[str, Any]]) -> None:
    """A new one is walked, or said to write nothing of anybody's."""
    walked = {command for walk in walks.values() for command, _ in walk["codes"]}
    given = typer.main.get_command(build_app())
    assert isinstance(given, TyperGroup)
    assert walked | NOT_WALKED.keys() == given.commands.keys()
    assert not walked & NOT_WALKED.keys()
