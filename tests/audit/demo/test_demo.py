"""The demo: the whole path on databases of its own making."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audit.demo.corpus import CorpusExistsError, write_corpus
from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import DemoFiles, DemoRun, migrate_demo, run_demo, write_demo
from audit.errors import UsageError
from audit.results.records import Status, Verdict

SMALL = CorpusShape(turns=120, conversations=10)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    return run_demo(tmp_path_factory.mktemp("demo"), shape=SMALL)


class TestRun:
    def test_it_ends_passed_and_every_check_was_run(self, demo: DemoRun) -> None:
        assert demo.result.verdict is Verdict.PASSED
        assert {check.status for check in demo.result.checks} <= {Status.PASSED, Status.FAILED, Status.SKIPPED}
        critical = [check for check in demo.result.checks if check.severity == "critical"]
        assert {check.check for check in critical if check.findings} == set()

    def test_nothing_that_needs_one_of_its_three_files_is_skipped(self, demo: DemoRun) -> None:
        skipped = [check for check in demo.result.checks if check.status is Status.SKIPPED]
        assert not [check for check in skipped if any(role in check.skip_reason for role in ("timeline", "baseline"))]

    def test_the_report_lies_where_it_says(self, demo: DemoRun) -> None:
        assert demo.report.read_text().lower().startswith("<!doctype html>")
        assert (demo.report.parent / "results.json").is_file()

    def test_the_migration_finds_exactly_what_the_corpus_proves(self, demo: DemoRun, tmp_path: Path) -> None:
        corpus = write_corpus(tmp_path, SMALL)
        for counts, proved in (
            (demo.migration.counts.runtime_key, corpus.runtime),
            (demo.migration.counts.inference_id, corpus.inference),
        ):
            found = counts.by_evidence | {"unknown": counts.unknown, "malformed": counts.malformed}
            assert {kind: count for kind, count in found.items() if count} == proved

    def test_the_baseline_is_the_file_as_it_was(self, demo: DemoRun, tmp_path: Path) -> None:
        assert demo.files.baseline.read_bytes() == write_corpus(tmp_path, SMALL).turns.read_bytes()
        assert demo.files.turns.read_bytes() != demo.files.baseline.read_bytes()

    def test_another_demo_in_the_same_folder_leaves_the_first_alone(self, demo: DemoRun) -> None:
        folder = demo.report.parent.parent
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        again = run_demo(folder, shape=CorpusShape(turns=12, conversations=2))
        assert again.report != demo.report
        assert {path: path.read_bytes() for path in before} == before


class TestSteps:
    def test_writing_gives_three_files_of_which_two_are_equal(self, tmp_path: Path) -> None:
        files = write_demo(tmp_path / "new", SMALL)
        assert files == DemoFiles(
            tmp_path / "new" / "turns.db", tmp_path / "new" / "timeline.db", tmp_path / "new" / "turns.before.db"
        )
        assert files.turns.read_bytes() == files.baseline.read_bytes()

    @pytest.mark.parametrize("name", ["turns.db", "timeline.db", "turns.before.db"])
    def test_a_file_of_somebody_else_is_not_touched(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("mine")
        with pytest.raises(CorpusExistsError, match="exists already"):
            write_demo(tmp_path, SMALL)
        assert [path.name for path in tmp_path.iterdir()] == [name]
        assert (tmp_path / name).read_text() == "mine"

    def test_migrating_twice_changes_nothing_more(self, tmp_path: Path) -> None:
        files = write_demo(tmp_path, SMALL)
        migrate_demo(files)
        once = files.turns.read_bytes()
        assert migrate_demo(files).status == "already_migrated"
        assert files.turns.read_bytes() == once

    def test_a_folder_that_is_a_file_is_refused_before_any_work(self, tmp_path: Path) -> None:
        taken = tmp_path / "taken"
        taken.write_text("mine")
        with pytest.raises(UsageError):
            run_demo(taken)
        assert taken.read_text() == "mine"


class TestCommand:
    def test_it_tells_where_the_report_lies_and_leaves_with_0(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", "from audit.cli import main; main()", "demo", "--out", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.stderr, done.returncode) == ("", 0)
        last = done.stdout.splitlines()[-1]
        assert last.startswith("report ")
        assert Path(last.removeprefix("report").strip()).is_file()
        assert "2,000 turns" in done.stdout
