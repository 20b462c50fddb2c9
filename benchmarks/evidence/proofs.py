"""Running what proves a box: tests together in one session, commands one after the other."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PYTEST = "pytest "


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a proof ended: in words, whether it proves anything, and what it printed if it is a command."""

    words: str
    holds: bool
    output: str = ""


@dataclass(eq=False)
class _Recorder:
    """A plugin of pytest that counts outcomes by test; pytest keeps plugins in sets, so it is equal to itself alone."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.counts.setdefault(report.nodeid, Counter())[report.outcome] += 1


def run_proofs(proofs: Iterable[str], repository: Path) -> dict[str, Outcome]:
    """Run proofs, each once however many boxes name it.

    A proof is a command line that starts in the repository. ``pytest PLACE`` counts as all tests at that place; one
    that only skips proves nothing.
    """
    named = list(dict.fromkeys(proofs))
    places = {proof: proof.removeprefix(PYTEST) for proof in named if proof.startswith(PYTEST)}
    counts = _run_tests(sorted(set(places.values())), repository)
    return {
        proof: _of_tests(places[proof], counts) if proof in places else _run_command(proof, repository)
        for proof in named
    }


def _run_tests(places: list[str], repository: Path) -> dict[str, Counter[str]]:
    recorder = _Recorder()
    if places:
        os.chdir(repository)
        # A place that another one holds would be collected once, for the first that names it.
        within = [each for each in places if not any(_lies_in(each, other) for other in places if other != each)]
        code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *within], plugins=[recorder])
        if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            raise SystemExit("pytest could not run the tests that prove the boxes: what it said stands above")
    return recorder.counts


def _lies_in(test: str, place: str) -> bool:
    """Whether a test is one of those at a place: the same, a parameter of it, or below its class, file or folder."""
    return test == place or test.startswith((f"{place}[", f"{place}::", f"{place}/"))


def _of_tests(place: str, counts: dict[str, Counter[str]]) -> Outcome:
    total: Counter[str] = Counter()
    for test, outcomes in counts.items():
        if _lies_in(test, place):
            total += outcomes
    words = ", ".join(f"{total[name]} {name}" for name in ("passed", "failed", "skipped") if total[name])
    return Outcome(words or "no such test", bool(total["passed"]) and not total["failed"])


def _run_command(line: str, repository: Path) -> Outcome:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    ran = subprocess.run(
        shlex.split(line),
        cwd=repository,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(f"exit code {ran.returncode}", ran.returncode == 0, ran.stdout.strip())
