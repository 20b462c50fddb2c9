"""``turntruth runs`` and the index of the runs, which an audit renews."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from audit.certificates.bundle import write_bundle
from audit.cli import run_index
from audit.cli.commands import runs
from audit.files.reserved_names import ReservedNameError
from audit.report.run_folder import write_run
from support.audits.report_examples import a_busy_result, a_check, a_finding, a_result
from support.audits.run_folders import a_kept_run, failing
from support.files.sqlite_files import make_turns
from support.processes.warm_process import turntruth

PROGRAM = [sys.executable, "-c", "from audit.cli import main; main()"]


def printed(*arguments: str | Path, exit_code: int = 0) -> str:
    """What a command prints; its errors are raised."""
    app = typer.Typer()
    runs.register(app)
    ran = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert ran.exit_code == exit_code
    return ran.stdout


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(a_busy_result(), tmp_path / "reports", [a_finding("rows_named")])


def test_runs_are_listed_with_verdict_findings_and_coverage(run: Path) -> None:
    write_run(a_result(run_id="second", started_at="2026-03-01T00:00:00.000Z"), run.parent, [])
    (run.parent / "broken").mkdir()

    broken, first, second = printed("runs", str(run.parent)).splitlines()

    assert broken.startswith("broken  unreadable: ")
    assert "NO-GO        1,234 critical, 2 warning; 1,730 of 2,000 turns known" in first
    assert "GO           no findings; 1,730 of 2,000 turns known" in second
    assert [each["run_id"] for each in json.loads(printed("runs", str(run.parent), "--format", "json"))] == [
        "broken",
        run.name,
        "second",
    ]


def test_an_empty_history_prints_nothing(tmp_path: Path) -> None:
    assert printed("runs", str(tmp_path)) == ""


def test_an_audit_renews_the_index(tmp_path: Path) -> None:
    a_kept_run(tmp_path / "out", 1, run_id="earlier")
    make_turns(tmp_path / "turns.db")

    ran = turntruth("audit", "turns.db", "--out", "out", "--run-id", "later", "-q", cwd=tmp_path)

    assert ran.stderr == ""
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.index('href="later/index.html"') < page.index('href="earlier/index.html"')
    assert (tmp_path / "out" / "later" / "results.json").exists()


def test_an_index_that_is_not_ours_stays_and_changes_no_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_kept_run(tmp_path, 1)
    (tmp_path / "index.html").write_text("mine")

    run_index.renew(tmp_path)

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"turntruth: warning: {tmp_path}/index.html: this file is not turntruth's, so it stays, and there is no index "
        "of the runs. Move it, or audit with another --out\n"
    )
    assert (tmp_path / "index.html").read_text() == "mine"


class TestComparing:
    @pytest.fixture
    def two(self, tmp_path: Path) -> tuple[Path, Path]:
        """The second run has a critical finding that the first one has not."""
        a = a_kept_run(tmp_path, 1, a_check("turns_kept"), run_id="before")
        return a, a_kept_run(tmp_path, 2, failing(findings=1), findings=[a_finding("turns_kept")], run_id="after")

    def test_something_critical_that_is_new_is_exit_code_1(self, two: tuple[Path, Path]) -> None:
        lines = printed("runs-compare", *two, exit_code=1).splitlines()

        assert "new: 1 finding in 1 cause" in lines
        assert lines[-2:] == [
            "result: 1 critical finding that A does not tell of",
            "next: turntruth explain turns_kept",
        ]

    def test_a_bundle_stands_for_its_run(self, two: tuple[Path, Path], sealed: Path, tmp_path: Path) -> None:
        write_bundle(sealed, tmp_path / "run.zip")

        assert printed("runs-compare", two[0], tmp_path / "run.zip", exit_code=1) == (
            printed("runs-compare", two[0], sealed, exit_code=1)
        )

    def test_the_other_way_round_it_is_gone_which_is_exit_code_0(self, two: tuple[Path, Path]) -> None:
        assert "gone: 1 finding in 1 cause" in printed("runs-compare", *reversed(two)).splitlines()

    def test_quiet_is_the_result_alone(self, two: tuple[Path, Path]) -> None:
        assert printed("runs-compare", *two, "-q", exit_code=1) == (
            "result: 1 critical finding that A does not tell of\n"
        )

    def test_json_has_all_of_it(self, two: tuple[Path, Path]) -> None:
        document = json.loads(printed("runs-compare", *two, "--format", "json", exit_code=1))

        assert document["new_critical"] == document["findings"]["new"] == 1
        assert document["causes"][0]["fate"] == "new"
        assert document["checks"][0]["places"]["new"][0]["turn_id"] == "turn-000001"

    def test_a_page_is_printed_or_written_for_whoever_may_read_both_runs(
        self, two: tuple[Path, Path], tmp_path: Path
    ) -> None:
        (two[0] / "results.json").chmod(0o644)
        (two[1] / "results.json").chmod(0o600)

        printed("runs-compare", *two, "--out", tmp_path / "page.html", exit_code=1)

        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert page == printed("runs-compare", *two, "--format", "html", exit_code=1)
        assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600

    def test_nothing_is_written_over_a_database(self, two: tuple[Path, Path], tmp_path: Path) -> None:
        database = make_turns(tmp_path / "turns.db")
        before = database.read_bytes()

        with pytest.raises(ReservedNameError):
            printed("runs-compare", *two, "--out", database)

        assert database.read_bytes() == before

    @pytest.mark.parametrize(
        ("damage", "exit_code"), [("results.json", 2), ("findings.parquet", 3)], ids=["no run", "damaged"]
    )
    def test_what_cannot_be_read_is_a_line_and_an_exit_code(
        self, damage: str, exit_code: int, two: tuple[Path, Path], tmp_path: Path
    ) -> None:
        (two[1] / damage).unlink()

        ran = turntruth("runs-compare", *two, cwd=tmp_path)

        assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (exit_code, "", 1)


class TestPruning:
    @pytest.fixture
    def reports(self, tmp_path: Path) -> Path:
        for day in (1, 2, 3):
            a_kept_run(tmp_path / "reports", day, run_id=f"r{day}")
        run_index.renew(tmp_path / "reports")
        return tmp_path / "reports"

    def test_without_a_yes_it_shows_what_would_go_and_changes_nothing(self, reports: Path, tmp_path: Path) -> None:
        ran = turntruth("runs-prune", reports, "--keep", "1", cwd=tmp_path)

        assert ran.returncode == 3
        assert ran.stderr == "turntruth: nothing was removed; say --yes to remove them\n"
        told = [line.split() for line in ran.stdout.splitlines()]
        assert told == [
            ["choice", "run", "verdict", "started", "at", "turns"],
            ["kept:", "one", "of", "the", "newest", "r3", "GO", "2026-03-03T10:15:00", "data/turns.db"],
            ["goes", "r2", "GO", "2026-03-02T10:15:00", "data/turns.db"],
            ["goes", "r1", "GO", "2026-03-01T10:15:00", "data/turns.db"],
            ["2", "of", "3", "runs", "would", "go"],
        ]
        assert {entry.name for entry in reports.iterdir()} == {"r1", "r2", "r3", "index.html"}

    def test_with_a_yes_they_go_and_the_index_is_renewed(self, reports: Path, tmp_path: Path) -> None:
        ran = turntruth("runs-prune", reports, "--keep", "1", "--yes", "-q", cwd=tmp_path)

        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "2 of 3 runs went\n", "")
        assert {entry.name for entry in reports.iterdir()} == {"r3", "index.html"}
        assert "r2/index.html" not in (reports / "index.html").read_text()

    def test_where_nothing_is_to_go_no_yes_is_needed(self, reports: Path) -> None:
        document = json.loads(printed("runs-prune", reports, "--keep", "3", "--format", "json"))

        assert document["removed"] is False
        assert [run["choice"] for run in document["runs"]] == ["kept: one of the newest"] * 3

    def test_hostile_paths_steer_no_terminal(self, tmp_path: Path) -> None:
        a_kept_run(tmp_path, 1, turns="\x1b[2J\u202eturns.db\n")

        assert "U+001B[2JU+202Eturns.db" in printed("runs-prune", tmp_path, "--keep", "1")
