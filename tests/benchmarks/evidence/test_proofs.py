"""A proof holds where something passed and nothing failed."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from audit.ticket.ticket_document import Task
from benchmarks.evidence.__main__ import page
from benchmarks.evidence.proofs import Outcome

TESTS = """import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_passes(n): pass

def test_passes_as_well(): pass

def test_fails(): assert False

def test_skips(): pytest.skip("not here")
"""
PROGRAM = """
from pathlib import Path
from benchmarks.evidence.proofs import run_proofs
proofs = ["pytest t.py::test_passes", "pytest t.py::test_fails", "pytest t.py::test_skips",
          "pytest t.py::test_passes_as_well", "python -c 'print(7)'", "python -c 'raise SystemExit(3)'"]
for proof, outcome in run_proofs(proofs, Path.cwd()).items():
    print("#", proof, "|", outcome.words, "|", outcome.holds, "|", outcome.output)
"""


def test_outcomes_of_tests_and_commands(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "t.py").write_text(TESTS, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": str(repository), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [line for line in ran.stdout.splitlines() if line.startswith("# ")] == [
        "# pytest t.py::test_passes | 2 passed | True | ",
        "# pytest t.py::test_fails | 1 failed | False | ",
        "# pytest t.py::test_skips | 1 skipped | False | ",
        "# pytest t.py::test_passes_as_well | 1 passed | True | ",
        "# python -c 'print(7)' | exit code 0 | True | 7",
        "# python -c 'raise SystemExit(3)' | exit code 3 | False | ",
    ]


def test_the_page_has_a_row_a_box_and_proof_and_what_commands_printed() -> None:
    tasks = [
        Task("Store", "A box", True, 1, "s01", ("pytest t.py", "make x")),
        Task("Store", "B", True, 2, "s02", ("make x",)),
    ]
    outcomes = {"pytest t.py": Outcome("2 passed", True), "make x": Outcome("exit code 1", False, "Told.")}
    text = "\n".join(page("T-1", tasks, outcomes, datetime(2026, 3, 1, tzinfo=UTC), "abc"))

    assert text.startswith(
        "---\nTitle: Evidence\nTicket: T-1\nDocType: reference\nLastUpdated: 2026-03-01T00:00:00Z\n---\n"
    )
    assert "on commit abc: 1 of 2 proofs hold, for 2 boxes." in text
    assert "| s01 | `pytest t.py` | 2 passed |" in text
    assert "| s02 | `make x` | **does not hold**: exit code 1 |" in text
    assert text.endswith("## What `make x` printed\n\nTold.")
