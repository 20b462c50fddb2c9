"""The ticket that lies beside the code: sound, with a proof for each box, and evidence that they held."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from audit import cli
from audit.ticket.ticket_document import Task, front_matter
from audit.ticket.ticket_folder import read_ticket
from benchmarks.evidence.proofs import PYTEST

BOXES = {
    "Schema and migration": 11,
    "Turn store and its records": 6,
    "Wiring of the persistence": 5,
    "What a conversation says": 5,
    "Debug API": 5,
    "Switching runtimes": 6,
    "Playbook and documents": 5,
    "Rollout and validation": 6,
    "Closeout": 3,
}


@pytest.fixture(scope="module")
def tasks(repository: Path) -> list[Task]:
    return [task for _, task in read_ticket(repository / "docs" / "ticket").tasks]


def test_the_doctor_finds_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = (repository / "docs" / "ticket" / "index.md").read_text(encoding="utf-8")
    header = front_matter(index)
    assert header
    written: datetime = yaml.safe_load(header[1])["LastUpdated"]
    moment = f"{written.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"

    assert cli.run(["ticket-doctor", str(repository / "docs" / "ticket"), "--now", moment]) == 0, (
        capsys.readouterr().out
    )


def test_every_box_is_there_once(tasks: list[Task]) -> None:
    assert {name: sum(task.section == name for task in tasks) for name in BOXES} == BOXES
    assert sum(BOXES.values()) == len(tasks) == len({task.identity for task in tasks})


def test_what_proves_a_box_exists(repository: Path, tasks: list[Task]) -> None:
    targets = (repository / "Makefile").read_text(encoding="utf-8")
    for task in tasks:
        assert task.proofs, f"{task.identity} names no proof"
        for proof in task.proofs:
            program, *words = proof.split()
            if program == PYTEST.strip():
                assert _has_tests(repository, words[0]), proof
            elif program == "turntruth":
                assert words[0] in cli.command_names(), proof
            elif program == "make":
                assert re.search(rf"^{words[0]}:", targets, re.MULTILINE), proof
            else:
                assert (program, words[0]) == ("python", "-m"), proof
                assert (repository / words[1].replace(".", "/")).with_suffix(".py").is_file(), proof


def _has_tests(repository: Path, place: str) -> bool:
    """Whether a file has the class and function that a place names; inherited tests are not looked for."""
    name, *inside = place.split("::")
    path = repository / name
    if not inside:
        return path.exists()
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for word in inside:
        found = next((node for node in body if getattr(node, "name", "") == word), None)
        if found is None:
            return bool(_inherited(repository, word))
        body = getattr(found, "body", [])
    return True


def _inherited(repository: Path, test: str) -> list[Path]:
    """The suites for all stores that have a test of this name."""
    suites = (repository / "store" / "conformance").glob("*_suite.py")
    return [path for path in suites if f"def {test}(" in path.read_text(encoding="utf-8")]


def test_evidence_has_a_line_for_every_proof_of_a_ticked_box(repository: Path, tasks: list[Task]) -> None:
    evidence = (repository / "docs" / "ticket" / "evidence.md").read_text(encoding="utf-8")

    assert "does not hold" not in evidence
    for task in tasks:
        for proof in task.proofs if task.done else ():
            assert f"| {task.identity} | `{proof}` | " in evidence, f"run `make evidence`: {proof} has no line"


def test_evidence_says_when_and_with_what_and_shows_the_samples(repository: Path) -> None:
    evidence = (repository / "docs" / "ticket" / "evidence.md").read_text(encoding="utf-8")

    assert re.search(r"^Run at 20\d\d-\d\d-\d\dT[\d:]+Z on commit \w+", evidence, re.MULTILINE)
    assert "SQLite 3." in evidence
    assert "| column `runtime_key TEXT NOT NULL DEFAULT ''` | no | yes |" in evidence
    assert "Verdict: **passed**" in evidence


def test_the_related_tickets_are_references(repository: Path) -> None:
    index = read_ticket(repository / "docs" / "ticket").index
    assert index
    named = " ".join(map(str, index.list_of("ExternalSources")))

    assert {"GP-24", "GP-25"} <= set(re.findall(r"GP-\d+", named))
    assert [link.text for link in index.links if "GP-2" in link.text] == []


def test_the_release_note_says_what_changes_for_consumers(repository: Path) -> None:
    playbook = (repository / "docs" / "migration-playbook.md").read_text(encoding="utf-8")
    note = " ".join(playbook.partition("## Release note")[2].replace("> ", "").split())

    assert "Consumers read the runtime of a turn from the turn" in note
    assert "is a pointer to the latest and says nothing about earlier turns" in note
    assert "no compatibility flag and no environment variable" in note


def test_the_changelog_has_the_evidence_of_the_validation(repository: Path) -> None:
    text = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    released = text.partition("## 0.1.0")[2]

    assert "docs/ticket/evidence.md" in released.partition("### Validation")[2]
