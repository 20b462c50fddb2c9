from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from audit import cli
from audit.errors import AuditError, InputFileError
from audit.files.permissions import Permissions
from audit.report.run_folder import (
    RUN_ID,
    OutFolderError,
    RunExistsError,
    RunIdError,
    RunWriteError,
    check_run_id,
    check_writable,
    list_runs,
    load_run,
    new_run_id,
    write_run,
)
from audit.results.findings_csv import read_findings
from audit.results.record_json import RecordFormatError
from audit.results.records import Finding, Verdict
from support.audits.report_examples import a_failed_check, a_finding, a_result
from support.processes.interrupted_process import Ended, Process


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Nothing is read-only for root; tests in a container often run as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """The next files end with an error at that size, as they do when the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestRunIds:
    def test_a_new_one_says_when_the_run_started(self) -> None:
        started = datetime(2026, 2, 24, 11, 15, tzinfo=timezone(timedelta(hours=1)))

        assert re.fullmatch(r"run_20260224t101500z_[0-9a-f]{4}", new_run_id(lambda: started))

    def test_a_new_one_is_a_possible_one(self) -> None:
        assert check_run_id(new_run_id())

    def test_two_of_the_same_second_differ(self) -> None:
        ids = {new_run_id(lambda: datetime(2026, 2, 24, tzinfo=UTC)) for _ in range(50)}

        assert len(ids) > 40

    @pytest.mark.parametrize("run_id", ["a", "0", "release-1_2", "x" * 80])
    def test_small_letters_digits_and_two_signs_are_allowed(self, run_id: str) -> None:
        assert check_run_id(run_id) == run_id

    @pytest.mark.parametrize(
        "run_id", ["", "..", ".", "a/b", "/etc", "A", "-x", "_x", "a b", "x" * 81, "a\n", "ä", "a\0", "٣"]
    )
    def test_nothing_else_is(self, run_id: str, tmp_path: Path) -> None:
        with pytest.raises(RunIdError) as caught:
            write_run(a_result(run_id=run_id), tmp_path, [])

        assert caught.value.exit_code == 2
        assert list(tmp_path.iterdir()) == []


class TestWriting:
    def test_leaves_a_page_results_and_findings(self, tmp_path: Path) -> None:
        result = a_result(a_failed_check(findings=2), verdict=Verdict.FAILED)
        findings = [a_finding(number=1), a_finding(number=2)]

        folder = write_run(result, tmp_path / "reports", iter(findings))

        assert folder == tmp_path / "reports" / result.run_id
        assert sorted(path.name for path in folder.iterdir()) == ["findings.csv", "index.html", "results.json"]
        assert list(read_findings(folder / "findings.csv")) == findings
        assert json.loads((folder / "results.json").read_text(encoding="utf-8"))["verdict"] == "failed"
        assert "NO-GO" in (folder / "index.html").read_text(encoding="utf-8")

    def test_leaves_nothing_beside_the_run(self, tmp_path: Path) -> None:
        folder = write_run(a_result(), tmp_path, [])

        assert list(tmp_path.iterdir()) == [folder]

    def test_is_for_nobody_but_its_owner(self, tmp_path: Path) -> None:
        folder = write_run(a_result(), tmp_path / "out", [], seal=lambda folder: (folder / "seal").touch())

        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert modes == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700

    def test_lets_those_in_whom_it_is_told_to(self, tmp_path: Path) -> None:
        folder = write_run(a_result(), tmp_path, [], permissions=Permissions.asked_for("640"))

        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o750

    def test_changes_nothing_of_a_folder_that_is_there(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o711)

        write_run(a_result(), tmp_path, [], permissions=Permissions.asked_for("666"))

        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o711

    def test_takes_further_files_along(self, tmp_path: Path) -> None:
        (tmp_path / "made").write_bytes(b"PAR1")

        folder = write_run(a_result(), tmp_path / "out", [], files={"findings.parquet": tmp_path / "made"})

        assert (folder / "findings.parquet").read_bytes() == b"PAR1"

    def test_is_sealed_when_everything_else_lies_in_it(self, tmp_path: Path) -> None:
        seen: set[str] = set()

        def seal(folder: Path) -> None:
            seen.update(entry.name for entry in folder.iterdir())
            (folder / "seal").touch()

        folder = write_run(a_result(), tmp_path, [], seal=seal)
        assert {entry.name for entry in folder.iterdir()} == {*seen, "seal"}
        assert seen >= {"results.json", "findings.csv", "index.html"}

    def test_a_run_that_cannot_be_sealed_is_none(self, tmp_path: Path) -> None:
        def seal(folder: Path) -> None:
            raise OSError(28, "No space left on device")

        with pytest.raises(RunWriteError, match="No space left"):
            write_run(a_result(), tmp_path, [], seal=seal)
        assert list(tmp_path.iterdir()) == []

    def test_never_overwrites_a_run(self, tmp_path: Path) -> None:
        write_run(a_result(), tmp_path, [a_finding()])
        before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}

        with pytest.raises(RunExistsError, match="already"):
            write_run(a_result(), tmp_path, [])

        assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before

    def test_keeps_texts_that_no_file_can_hold_from_losing_the_run(self, tmp_path: Path) -> None:
        folder = write_run(a_result(), tmp_path, [a_finding(found="a\udcffb")])

        assert [finding.found for finding in read_findings(folder / "findings.csv")] == ["a?b"]


class TestWhenWritingFails:
    def test_a_full_disk_loses_the_run_but_not_the_verdict(self, tmp_path: Path) -> None:
        result = a_result(a_failed_check(findings=2), verdict=Verdict.FAILED)
        findings = (a_finding(number=number, found="x" * 1000) for number in range(1000))

        with files_of_at_most(200_000), pytest.raises(RunWriteError) as caught:
            write_run(result, tmp_path, findings)

        assert caught.value.result is result
        assert caught.value.exit_code == 3
        assert "The audit itself ended: failed, 1 of 1 checks have findings." in str(caught.value)
        assert "\n" not in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    def test_an_interrupt_leaves_nothing(self, tmp_path: Path) -> None:
        def interrupted() -> Iterator[Finding]:
            yield a_finding()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_run(a_result(), tmp_path, interrupted())

        assert list(tmp_path.iterdir()) == []

    def test_a_run_of_the_same_name_that_appears_meanwhile_is_kept(self, tmp_path: Path) -> None:
        result = a_result()

        def overtaken() -> Iterator[Finding]:
            (tmp_path / result.run_id).mkdir()
            (tmp_path / result.run_id / "results.json").write_text("theirs")
            yield a_finding()

        with pytest.raises(RunWriteError, match="not empty"):
            write_run(result, tmp_path, overtaken())

        assert (tmp_path / result.run_id / "results.json").read_text() == "theirs"
        assert len(list(tmp_path.iterdir())) == 1


class TestLookingBeforeTheWork:
    def test_a_good_folder_is_left_as_it_was(self, tmp_path: Path) -> None:
        check_writable(tmp_path, "run_1")
        check_writable(tmp_path / "new" / "deep", "run_1")

        assert list(tmp_path.iterdir()) == []

    def test_a_relative_folder_that_is_not_there_is_good(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

        check_writable(Path("reports"))

    @pytest.mark.parametrize("inside", ["", "below"])
    def test_a_file_in_its_place_is_refused(self, inside: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")

        with pytest.raises(OutFolderError, match="cannot write a report here: Not a directory") as caught:
            check_writable(tmp_path / "file" / inside)

        assert caught.value.exit_code == 2

    def test_a_folder_that_takes_no_entries_is_refused(self) -> None:
        with pytest.raises(OutFolderError):
            check_writable(Path("/proc/reports"))

    def test_a_read_only_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "shelf").mkdir(mode=0o555)

        with as_ordinary_user(), pytest.raises(OutFolderError, match="Permission denied"):
            check_writable(tmp_path / "shelf" / "reports")

    def test_an_existing_run_is_refused_before_the_work(self, tmp_path: Path) -> None:
        write_run(a_result(), tmp_path, [])

        with pytest.raises(RunExistsError):
            check_writable(tmp_path, a_result().run_id)

    def test_an_impossible_name_is_refused_before_the_work(self, tmp_path: Path) -> None:
        with pytest.raises(RunIdError):
            check_writable(tmp_path, "../elsewhere")


class TestHistory:
    def test_a_run_is_read_back_as_it_was(self, tmp_path: Path) -> None:
        result = a_result(a_failed_check(), verdict=Verdict.FAILED)

        assert load_run(write_run(result, tmp_path, [])) == result

    def test_runs_are_listed_by_their_start(self, tmp_path: Path) -> None:
        for run_id, started_at in (("zulu", "2026-01-01"), ("alpha", "2026-03-01"), ("mike", "2026-02-01")):
            write_run(replace(a_result(), run_id=run_id, started_at=started_at), tmp_path, [])

        assert [run.run_id for run in list_runs(tmp_path)] == ["zulu", "mike", "alpha"]

    def test_what_is_no_run_is_not_listed(self, tmp_path: Path) -> None:
        write_run(a_result(), tmp_path, [])
        (tmp_path / "README.md").write_text("output only")
        (tmp_path / ".run_1.ab12.unfinished").mkdir()

        assert len(list_runs(tmp_path)) == 1

    def test_a_folder_of_runs_within_is_no_damaged_run(self, tmp_path: Path) -> None:
        inner = write_run(a_result(run_id="inner"), tmp_path / "demo", [])

        assert list_runs(tmp_path) == ()
        assert [run.folder for run in list_runs(tmp_path / "demo")] == [inner]

    def test_a_damaged_run_is_listed_with_its_problem(self, tmp_path: Path) -> None:
        damaged = write_run(a_result(), tmp_path, [])
        (damaged / "results.json").write_text("{")
        (tmp_path / "empty").mkdir()

        runs = {run.run_id: run for run in list_runs(tmp_path)}

        assert runs[damaged.name].result is None
        assert "wanted JSON" in runs[damaged.name].problem
        assert "No such file" in runs["empty"].problem

    def test_a_missing_folder_is_an_error_and_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(InputFileError, match="No such file"):
            list_runs(tmp_path / "nowhere")

        assert not (tmp_path / "nowhere").exists()

    def test_loading_a_damaged_run_says_where_it_is_damaged(self, tmp_path: Path) -> None:
        folder = write_run(a_result(), tmp_path, [])
        document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        document["inputs"][0]["size_bytes"] = "many"
        (folder / "results.json").write_text(json.dumps(document))

        with pytest.raises(RecordFormatError, match=r"inputs\[0\]\.size_bytes"):
            load_run(folder)

    def test_all_errors_of_runs_are_errors_of_the_audit(self) -> None:
        assert all(
            issubclass(error, AuditError) for error in (RunIdError, RunExistsError, OutFolderError, RunWriteError)
        )


def test_a_moved_run_is_still_a_run(tmp_path: Path) -> None:
    folder = write_run(a_result(), tmp_path / "here", [])
    shutil.move(folder, tmp_path / "elsewhere")

    assert load_run(tmp_path / "elsewhere") == a_result()
    assert RUN_ID.fullmatch("elsewhere")


class TestWhenWhoeverWritesIsStopped:
    """In a process of its own, as its ``guarded`` work; what stops it comes while a part of the run is written."""

    @staticmethod
    def stopped(folder: Path, part: str, number: int) -> Ended:
        program = (
            "import os, sys; from pathlib import Path; from support.audits.report_examples import a_result\n"
            "from audit.report import run_folder as runs; from audit.processes.interruption import guarded\n"
            f"done = runs.{part}\n"
            f"def stop(*given): done(*given); os.kill(os.getpid(), {number:d})\n"
            f"runs.{part} = stop\n"
            "sys.exit(guarded(lambda: runs.write_run(a_result(), Path('out'), []) and 0))\n"
        )
        return Process([], folder, program, PYTHONPATH=str(Path(__file__).resolve().parents[2])).end()

    def test_nothing_of_it_is_left(self, tmp_path: Path) -> None:
        ended = self.stopped(tmp_path, "_write_files", signal.SIGTERM)

        assert ended.exit_code == 143
        assert ended.err.endswith("by SIGTERM: nothing was written; run the same command again\n")
        assert [path.name for path in tmp_path.iterdir()] == ["tmp"]

    def test_a_report_that_is_complete_stays_and_the_line_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        ended = self.stopped(tmp_path, "stands", signal.SIGTERM)

        assert ended.exit_code == 143
        (folder,) = (tmp_path / "out").iterdir()
        assert load_run(folder) == a_result()
        page = Path("out") / folder.name / "index.html"
        assert ended.err.endswith(f"by SIGTERM: the audit has ended, and its report is complete: {page}\n")

    def test_what_a_killed_one_left_is_no_run_and_is_removed_by_the_next_audit(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ended = self.stopped(tmp_path, "_write_files", signal.SIGKILL)
        out = tmp_path / "out"

        assert ended.exit_code == -signal.SIGKILL
        assert len(list(out.iterdir())) == 1
        assert list_runs(out) == ()
        cli.run(["audit", str(tmp_path / "missing.db"), "--out", str(out)])
        told = f"turntruth: removed 1 unfinished run that a killed run had left in {out}"
        assert told in capsys.readouterr().err.splitlines()
        assert list(out.iterdir()) == []
