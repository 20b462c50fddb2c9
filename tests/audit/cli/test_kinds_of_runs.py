"""Every command that takes a run, on a run of each kind: it works, or says in a line what that is and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from audit.certificates.bundle import write_bundle
from audit.cli import run
from audit.report.run_folder import list_runs, load_run
from audit.results.run_kind import OtherKindError
from support.audits.kept_pairs import HEADLINE, a_fleet_folder, a_kept_pair, a_migration_folder
from support.audits.run_folders import a_kept_run
from support.files.sqlite_files import make_turns
from support.processes.terminal import on_terminal

KINDS = {
    "pair": "this is a comparison of two files, and ",
    "fleet": "this is a fleet, and ",
    "moved": "this is the migration of a fleet, and ",
    "audit": "this is an audit, and ",
}
OF_AUDITS = {
    "runs-compare, first": ["runs-compare", "RUN", "audit"],
    "runs-compare, second": ["runs-compare", "audit", "RUN"],
    "audit --against": ["audit", "turns.db", "--against", "RUN", "--out", "out", "-q"],
}
OF_FOLDERS = {"runs": ["runs", "RUN"], "runs-prune": ["runs-prune", "RUN", "--keep", "1"]}
OF_FLEETS = {
    "fleet report": ["fleet", "report", "RUN"],
    "fleet verify": ["fleet", "verify", "RUN"],
    "fleet resume": ["fleet", "resume", "RUN"],
}
OF_ONE = {
    "report": ["report", "RUN"],
    "report --format": ["report", "RUN", "--format", "sarif"],
    "report --bundle": ["report", "RUN", "--bundle", "run.zip"],
    "report --redact": ["report", "RUN", "--redact", "--out", "redacted"],
    "verify": ["verify", "RUN"],
}
OF_ONE_OR_MANY = {"sign": ["sign", "RUN", "--key", "missing"]}
ROLLBACK = {"fleet rollback": ["fleet", "rollback", "RUN", "--yes"]}
REFUSED = [
    *((name, words, kind) for name, words in OF_AUDITS.items() for kind in ("pair", "fleet", "moved")),
    *((name, words, kind) for name, words in OF_FOLDERS.items() for kind in KINDS),
    *((name, words, kind) for name, words in OF_FLEETS.items() for kind in ("pair", "audit", "moved")),
    *((name, words, kind) for name, words in OF_ONE.items() for kind in ("fleet", "moved")),
    *((name, words, "moved") for name, words in OF_ONE_OR_MANY.items()),
    *((name, words, kind) for name, words in ROLLBACK.items() for kind in ("pair", "audit")),
]


@pytest.fixture(scope="module", name="made")
def make_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each kind, side by side."""
    folder = tmp_path_factory.mktemp("kinds")
    a_kept_run(folder / "reports", 1, run_id="audit")
    a_kept_pair(folder / "reports")
    a_fleet_folder(folder / "reports" / "fleet", "failed")
    a_migration_folder(folder / "reports" / "moved")
    make_turns(folder / "reports" / "turns.db")
    return folder


@pytest.fixture(name="here")
def go_there(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made / "reports")
    return made / "reports"


@pytest.mark.parametrize(("name", "words", "kind"), REFUSED, ids=[f"{name} of {kind}" for name, _, kind in REFUSED])
def test_a_command_that_is_for_another_kind_says_what_it_is_and_what_to_do(
    name: str, words: list[str], kind: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.relative_to(here) for path in here.rglob("*"))

    exit_code = run([kind if word == "RUN" else word for word in words])

    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert exit_code == 2
    assert said.out == ""
    assert line.startswith(f"turntruth: {kind}: {KINDS[kind]}"), name
    assert "was wanted. `turntruth " in line
    assert sorted(path.relative_to(here) for path in here.rglob("*")) == before


def test_a_bundle_is_opened_or_said_to_be_one(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_bundle(here / "pair", tmp_path / "pair.zip")
    bundle = str(tmp_path / "pair.zip")

    assert run(["verify", bundle]) == run(["report", bundle]) == 0
    capsys.readouterr()
    assert run(["runs-compare", bundle, "audit"]) == 2
    assert capsys.readouterr().err.startswith(f"turntruth: {bundle}: this is a comparison of two files, and an audit")
    for words in (["sign", bundle, "--key", "k"], ["fleet", "report", bundle], ["runs", bundle]):
        assert run(words) == 2
        assert f"{bundle}: this is a bundle of a run, and " in capsys.readouterr().err


def test_the_list_has_each_run_as_what_it_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "."]) == 0

    moved, audit, fleet, pair = capsys.readouterr().out.splitlines()
    assert moved == "moved  the migration of a fleet"
    assert audit.startswith("audit  2026-03-01T10:15:00.000Z  GO ")
    assert fleet == "fleet  2026-03-01T10:15:00.000Z  NO-GO  a fleet"
    assert pair.startswith("pair  20")
    assert pair.endswith(f"  {HEADLINE}  comparison {here.parent}/before.db → {here.parent}/after.db")


def test_the_list_for_programs_has_the_kind_of_each(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", ".", "--format", "json"]) == 0

    listed = {each["run_id"]: each for each in json.loads(capsys.readouterr().out)}
    assert {name: each["kind"] for name, each in listed.items()} == {
        "audit": "audit", "pair": "comparison", "fleet": "fleet", "moved": "migration"
    }  # fmt: skip
    assert listed["pair"]["headline"] == HEADLINE
    assert (listed["pair"]["before"], listed["pair"]["contract"]) == (f"{here.parent}/before.db", "")
    assert listed["fleet"]["finished_at"] == "2026-03-01T10:15:00.000Z"


def test_a_comparison_is_printed_again_without_its_files(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["diff", str(here.parent / "before.db"), str(here.parent / "after.db")])
    then = capsys.readouterr().out
    kept = shutil.copytree(here / "pair", tmp_path / "pair")

    assert run(["report", str(kept)]) == 0
    assert capsys.readouterr().out == then
    assert run(["report", str(kept), "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 3
    assert run(["report", str(kept), "--format", "html"]) == 0
    assert capsys.readouterr().out == (kept / "index.html").read_text()


@pytest.mark.parametrize("form", ["markdown", "sarif", "junit", "jsonl"])
def test_forms_of_findings_of_checks_are_not_those_of_a_comparison(
    form: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "pair", "--format", form]) == 2

    said = f"turntruth: pair: this is a comparison of two files, of which there is no {form}. Say --format text, "
    assert capsys.readouterr() == ("", f"{said}json or html\n")
    assert (here / "pair").exists()


def test_a_comparison_is_redacted_while_it_is_made(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "pair", "--redact", "--out", str(tmp_path / "redacted")]) == 2

    assert (
        "is redacted while it is made: `turntruth diff BEFORE AFTER --redact --out FOLDER`" in capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []
    assert (here / "pair").exists()


def test_the_library_says_it_too(here: Path) -> None:
    with pytest.raises(OtherKindError, match="this is a comparison of two files, and an audit was wanted"):
        load_run(here / "pair")
    with pytest.raises(OtherKindError, match="this is a fleet, and a folder of runs was wanted"):
        list_runs(here / "fleet")


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "pair", "-v"],
        ["verify", "pair", "--input", "before=turns.db"],
        ["verify", "pair", "--input", "before=turns.db", "--format", "text", "-v"],
        ["verify", "audit", "-v"],
        ["report", "pair"],
        ["runs", "."],
        ["diff", "../before.db", "../after.db"],
        ["contract", "list"],
        ["contract", "check", "turns", "turns.db", "turns.db"],
    ],
    ids=" ".join,
)
def test_on_a_terminal_no_line_is_wider_than_it_but_for_a_word_that_is(words: list[str], here: Path) -> None:
    _, shown = on_terminal(words, columns=80, folder=here)

    wide = [line for line in shown.splitlines() if cell_len(line) > 80 and len(line.split()) > 1]
    assert shown.strip()
    assert [line for line in wide if not line.startswith("turntruth: ")] == []
