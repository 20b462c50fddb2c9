"""Which files ``turntruth audit`` is about: a path, a target of turntruth.toml, or the inputs that it names."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import write_demo
from store.migration import migrate
from support.processes.warm_process import turntruth

PROJECT = """
[inputs]
turns = "turns.db"
timeline = "timeline.db"
baseline = "auto"

[inputs.old]
turns = "turns.before.db"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    migrate(write_demo(folder, CorpusShape(turns=40, conversations=10)).turns)
    (folder / "turntruth.toml").write_text(PROJECT)
    return folder


def audit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return turntruth("audit", *arguments, cwd=folder)


def test_the_inputs_of_the_project_are_audited_against_the_backup_that_the_ledger_names(project: Path) -> None:
    ran = audit(project, "--format", "json")
    assert ran.returncode == 0, ran.stderr
    paths = {each["role"]: Path(each["path"]).name for each in json.loads(ran.stdout)["inputs"]}
    assert paths["turns"] == "turns.db"
    assert paths["timeline"] == "timeline.db"
    assert paths["baseline"].startswith("turns.backup-")
    assert "content hash agrees" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--target", "odl"), "Did you mean old?"),
        (("--target", "old", "--baseline", "auto"), "holds no migration ledger"),
        (("turns.db", "--target", "old"), "a path and a target exclude each other"),
        (("nothing.db",), "nothing.db: no such file"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(arguments: tuple[str, ...], told: str, project: Path) -> None:
    ran = audit(project, *arguments)
    assert ran.returncode == 2
    assert told in " ".join(ran.stderr.replace("│", " ").split())
    assert "Traceback" not in ran.stderr


def test_nothing_to_audit_is_told_with_both_ways_to_say_it(tmp_path: Path) -> None:
    ran = audit(tmp_path)
    assert ran.returncode == 2
    assert "give the path of a turns database, or name it in turntruth.toml" in ran.stderr
    assert list(tmp_path.iterdir()) == []
