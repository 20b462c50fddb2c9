"""The recipes of CONTRIBUTING.md, tried: in a copy of the tree, what they show is put where they say, and works."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from store.migration import migrate

ROOMS = ("turntruth", "store", "audit", "expectations", "benchmarks")
SHOWN = re.compile(
    r"`(?P<path>\w[\w/.]*\.(?:py|sql))`\s+would be:\n\n *```\w+\n(?P<text>.*?)^ *```", re.DOTALL | re.MULTILINE
)
CHECK = """\
-- title: No conversation ended after its first turn
-- severity: warning
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turns
-- remedy: Look at it.
-- breaks: turns: DELETE FROM turns WHERE conv_id = (SELECT min(conv_id) FROM turns) AND rowid > (
--   SELECT min(rowid) FROM turns WHERE conv_id = (SELECT min(conv_id) FROM turns))
SELECT conv_id, session_id, turn_id, 'more turns' AS expected, 'one turn' AS found FROM short_conversations
"""


@dataclass(frozen=True, slots=True)
class Tree:
    """A copy of what the repository imports."""

    root: Path
    recipes: str

    def follow(self, heading: str) -> Path:
        """Put the file that a recipe shows where it says; where it was not there before."""
        section = self.recipes.split(f"## {heading}\n")[1].split("\n## ")[0]
        shown = SHOWN.search(section)
        assert shown, f"{heading}: shows no file"
        target = self.root / shown["path"]
        assert target.parent.is_dir()
        assert not target.exists()
        target.write_text(dedent(shown["text"]), encoding="utf-8")
        return target

    def insert(self, path: str, before: str, lines: str) -> None:
        """Put lines before others, which stand in the file once."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(before) == 1
        (self.root / path).write_text(text.replace(before, lines + before), encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Start ``python -m`` with these words in the copy."""
        return subprocess.run(
            [sys.executable, "-m", *words], cwd=self.root, capture_output=True, text=True, check=False, timeout=120
        )


@pytest.fixture
def tree(repository: Path, tmp_path: Path) -> Tree:
    for room in ROOMS:
        # With what is compiled of them, which holds as long as a file is not changed.
        shutil.copytree(repository / room, tmp_path / room)
    return Tree(tmp_path, (repository / "CONTRIBUTING.md").read_text(encoding="utf-8"))


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    """A migrated file of two conversations."""
    folder = tmp_path / "files"
    folder.mkdir()
    path = write_corpus(folder, CorpusShape(turns=20, conversations=2, seed=5)).turns
    migrate(path, backup=False)
    return path


def test_the_copy_is_what_runs(tree: Tree) -> None:
    (tree.root / "audit" / "cli" / "commands" / "runtimes.py").write_text("raise RuntimeError('of the copy')\n")

    assert "of the copy" in tree.run("turntruth", "--help").stderr


def test_a_command_is_one_module(tree: Tree, turns: Path) -> None:
    tree.follow("Add a command")

    listed = tree.run("turntruth", "--help")
    answered = tree.run("turntruth", "runtimes", str(turns))
    refused = tree.run("turntruth", "runtimes", "missing.db")

    assert re.search(r"serve .*runtimes .*Count the runtimes of a file\.", listed.stdout, re.DOTALL), listed.stdout
    assert re.fullmatch(r"[1-9]\d* runtimes\n", answered.stdout), answered.stderr
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (2, "", 1), refused.stderr


def test_a_view_is_one_file_which_checks_can_read(tree: Tree, turns: Path) -> None:
    tree.follow("Add a view")
    (tree.root / "expectations" / "continuity" / "no_short_conversation.sql").write_text(CHECK)

    audited = tree.run("turntruth", "audit", str(turns), "--select", "no_short_conversation", "--format", "json")

    assert audited.returncode == 0, audited.stderr
    assert '"no_short_conversation"' in audited.stdout


def test_a_section_of_the_fault_laboratory_is_one_module(tree: Tree) -> None:
    tree.follow("Add a section to the fault laboratory")
    page = tree.root / "page.md"

    ran = tree.run("benchmarks.faults", "--only", "repeated", "--trials", "2", "--jobs", "1", "--document", str(page))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 of 2 trials ran, 0 did not hold" in ran.stdout
    assert "A file that was migrated is migrated again." in page.read_text(encoding="utf-8")


class TestAMigrationStep:
    CALL = "statistics.gather(job.connection, job.migration_id)"
    QUESTION = "statistics.are_missing(connection)"
    STOPPED = """
import os, sys
from store.migration import failpoints, migrate

def stop(name):
    if name == sys.argv[2]:
        os._exit(9)

with failpoints.armed(stop):
    migrate(sys.argv[1], backup=False)
"""

    @pytest.fixture
    def changed(self, tree: Tree) -> Tree:
        """The tree with the step of the recipe in it."""
        assert f"`{self.CALL}`" in tree.recipes
        assert f"`{self.QUESTION}`" in tree.recipes
        tree.follow("Add a migration step")
        imported = "from store.migration.execution import statistics\n"
        runner, preparation = (f"store/migration/execution/{name}.py" for name in ("runner", "preparation"))
        tree.insert(runner, "from store.migration.execution.job import", imported)
        tree.insert(runner, "        with FirstLook(job) as first:\n", f"        {self.CALL}\n")
        tree.insert(preparation, "from store.migration.progress import", imported)
        tree.insert(preparation, "_schema_work(recognition, indexes=indexes", f"{self.QUESTION} or ")
        return tree

    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        """A file that was never migrated."""
        folder = tmp_path / "old"
        folder.mkdir()
        return write_corpus(folder, CorpusShape(turns=20, conversations=2, seed=5)).turns

    @staticmethod
    def steps(path: Path) -> list[str]:
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT step FROM turntruth_migrations WHERE state = 'completed' ORDER BY rowid")
            return [str(step) for (step,) in rows]

    def test_it_runs_once_and_the_audit_finds_nothing(self, changed: Tree, old: Path) -> None:
        first = changed.run("turntruth", "migrate", str(old), "-q")
        after_first = old.read_bytes()
        second = changed.run("turntruth", "migrate", str(old), "-q")
        audited = changed.run("turntruth", "audit", str(old), "--select", "ledger,schema", "--fail-on", "warning")

        assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
        assert old.read_bytes() == after_first
        assert self.steps(old).count("statistics") == 1
        assert audited.returncode == 0, audited.stdout + audited.stderr

    def test_a_file_that_an_earlier_version_finished_gets_it_too(self, changed: Tree, turns: Path) -> None:
        assert "statistics" not in self.steps(turns)

        ran = changed.run("turntruth", "migrate", str(turns), "-q")

        assert ran.returncode == 0, ran.stderr
        assert "statistics" in self.steps(turns)

    @pytest.mark.parametrize("point", ["statistics: before commit", "statistics: committed"])
    def test_stopped_it_is_gone_on_with(self, changed: Tree, old: Path, point: str) -> None:
        stopped = subprocess.run(
            [sys.executable, "-c", self.STOPPED, str(old), point], cwd=changed.root, check=False, timeout=60
        )
        assert stopped.returncode == 9

        ran = changed.run("turntruth", "migrate", str(old), "-q")

        assert ran.returncode == 0, ran.stderr
        assert self.steps(old).count("statistics") == 1
