"""``turntruth checks`` as somebody meets it: the list, ``new`` and ``test``, with lines and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.checks.catalog import load_catalog
from audit.cli import run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings that name a folder of own checks, in which one goes to work."""
    (tmp_path / "turntruth.toml").write_text('[checks]\nfolders = ["ours"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(capsys: pytest.CaptureFixture[str], *words: str, exit_code: int = 0) -> str:
    code = run(list(words))
    said = capsys.readouterr()
    assert code == exit_code, said.err
    return said.err if exit_code == 2 else said.out


def test_a_check_is_written_where_the_settings_say_and_tried(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = ran(capsys, "checks", "new", "billing/quota_left")
    assert written.splitlines() == [
        "wrote ours/billing/quota_left.sql",
        "next: turntruth checks test ours/billing/quota_left.sql",
    ]

    told = ran(capsys, "checks", "test", "ours/billing/quota_left.sql").splitlines()
    assert told[0] == "billing/quota_left: No conversation has run out of its quota"
    assert "damaged     1 row" in told
    assert "also answer no other check" in told
    assert told[-1] == "works"

    assert "there is a file already" in ran(capsys, "checks", "new", "billing/quota_left", exit_code=2)


def test_without_settings_the_folder_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Name one with --checks" in ran(capsys, "checks", "new", "billing/quota_left", exit_code=2)
    assert ran(capsys, "checks", "new", "billing/quota_left", "--checks", "there").startswith("wrote there/billing/")


def test_a_check_that_does_not_do_what_it_says_is_exit_code_1(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(capsys, "checks", "new", "billing/quota_left")
    file = project / "ours" / "billing" / "quota_left.sql"
    file.write_text(file.read_text().replace("'%quota%'", "'%credit%'"))

    told = ran(capsys, "checks", "test", str(file), exit_code=1)
    assert "problem     it does not notice the damage that its `breaks` does" in told.splitlines()
    as_json = json.loads(ran(capsys, "checks", "test", str(file), "--format", "json", exit_code=1))
    assert (as_json["works"], as_json["named"], as_json["damaged"]) == (False, 0, 1)
    assert as_json["problems"] == ["it does not notice the damage that its `breaks` does"]


def test_a_missing_file_is_wrong_usage(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "gone.sql: no such file" in ran(capsys, "checks", "test", "ours/billing/gone.sql", exit_code=2)


def test_own_checks_are_listed_and_explained_and_untested_where_nothing_breaks_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(capsys, "checks", "new", "billing/quota_left")
    file = project / "ours" / "billing" / "quota_left.sql"
    lines = file.read_text().splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("-- breaks"))
    file.write_text("\n".join(lines[:start] + lines[start + 2 :]))

    (line,) = (line for line in ran(capsys, "checks").splitlines() if "quota_left" in line)
    assert line.endswith("[turns, timeline] (untested)")
    rows = {row["check"]: row for row in json.loads(ran(capsys, "checks", "--format", "json"))}
    assert rows["quota_left"]["untested"] is True
    assert "untested" not in rows["phases_known"]
    assert "It is untested" in ran(capsys, "explain", "quota_left")
    assert json.loads(ran(capsys, "explain", "quota_left", "--format", "json"))["untested"] is True
    told = ran(capsys, "checks", "test", str(file))
    assert "untested    its file has no `breaks`" in told
    assert "quota_left" not in ran(capsys, "checks", "--format", "markdown"), "the page is that of the package"


def test_without_own_checks_the_list_is_that_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    listed = ran(capsys, "checks").splitlines()
    assert [tuple(line.split()[:2]) for line in listed] == [(each.suite, each.name) for each in load_catalog().checks]
    assert not any("untested" in line for line in listed)
