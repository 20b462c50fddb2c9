"""``turntruth fleet plan``, ``migrate`` and ``rollback``: what they print, and the codes they end with."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from audit.cli import run
from support.files.fleet_files import everything, write_fleet
from support.files.migration_files import sha256, write_before_columns


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with three files, and two that cannot be migrated."""
    paths = write_fleet(tmp_path / "all")
    folder = tmp_path / "data"
    folder.mkdir()
    for path in (paths[0], paths[3], paths[8]):
        shutil.copyfile(path, folder / path.name)
    (folder / "text.db").write_text("no database, though it has the name of one" * 50)
    return folder


def manifest(data: Path, *names: str) -> str:
    path = data.parent / "tenants.csv"
    lines = ["tenant,path", *(f"{name},{data / name}.db" for name in names)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


GOOD = ("t01", "t04", "t09")


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out = capsys.readouterr().out
    return [str(line) for line in out.splitlines()]


def assert_narrow(lines: list[str], *paths: Path) -> None:
    """No line is longer than 80 columns, but for one with a path or a command that is."""
    long = [
        line
        for line in lines
        if len(line) > 80 and "turntruth " not in line and not any(map(str(line).count, map(str, paths)))
    ]
    assert long == []


def test_the_plan_tells_each_file_and_the_sums_and_writes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: (sha256(path), path.stat().st_mtime_ns) for path in data.iterdir()}
    assert run(["fleet", "plan", manifest(data, *GOOD, "text", "missing"), "--jobs", "2"]) == 1

    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "5 files: 2 to migrate, 1 already, 2 refused"
    assert any(line.split()[:3] == ["t01", "before", "runtime"] for line in lines)
    assert any(line.split()[:3] == ["t04", "legacy", "session"] for line in lines)
    assert any(line.startswith("  disk ") for line in lines)
    assert "enough" in captured.out
    refused = lines[lines.index("refused:") :]
    assert "  text" in refused
    assert "  missing" in refused
    assert "nothing was written by this plan" in lines
    assert_narrow(lines, tmp_path)
    assert captured.err.count("[5/5]") == 1
    assert {path.name: (sha256(path), path.stat().st_mtime_ns) for path in data.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all", "data", "tenants.csv"]


def test_the_plan_as_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fleet", "plan", manifest(data, *GOOD), "--format", "json", "-q"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["statuses"] == {"would_migrate": 2, "already_migrated": 1}
    assert document["is_possible"] is True
    assert document["size_bytes"] == sum(file["size_bytes"] for file in document["files"])
    assert document["backup_bytes"] == sum((data / f"{name}.db").stat().st_size for name in GOOD[:2])
    assert [disk["files"] for disk in document["disks"]] == [2]
    single = _json_of(["migrate", str(data / "t01.db"), "--dry-run", "--format", "json", "-q"], capsys)
    first = document["files"][0]
    assert (first["shape"], first["rows"], first["status"]) == (single["shape"], single["rows"], single["status"])
    assert first["to_fill"] == single["runtime_key"]["filled"] + single["inference_id"]["filled"]
    assert first["backup_bytes"] == single["disk_bytes"]["backup"]


def _json_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert run(words) == 0
    return json.loads(capsys.readouterr().out)


def test_first_a_few_then_all_then_back(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: everything(data / f"{name}.db") for name in GOOD}
    listed, out = manifest(data, *GOOD), str(tmp_path / "out")
    assert run(["fleet", "migrate", listed, "--out", out, "--canary", "1"]) == 0
    lines = lines_of(capsys)
    assert lines[0] == "1 of 3 files are migrated, 1 of them now; 0 were not, 2 not begun"
    assert_narrow(lines, tmp_path)
    following = shlex.split(lines[-1])
    assert following == ["turntruth", "fleet", "migrate", listed, "--out", out]
    assert f"  turntruth fleet rollback {out} --wave 1" in lines

    assert run([*following[1:], "-q"]) == 0
    lines = lines_of(capsys)
    assert lines[0] == "3 of 3 files are migrated, 2 of them now; 0 were not, 0 not begun"
    assert lines[-1] == f"  turntruth fleet audit {out}/audit-manifest.csv --out {out}/audit"

    assert run(["fleet", "rollback", out]) == 2
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0] == "2 files would be taken back to their backups"
    assert "nothing was changed; say --yes" in captured.err
    document = _json_of(["fleet", "rollback", out, "--yes", "-q", "--jobs", "1", "--format", "json"], capsys)
    assert [file["tenant"] for file in document["files"]] == ["t04", "t01"]
    assert {name: everything(data / f"{name}.db") for name in GOOD} == before


def test_refusals_are_told_with_their_tenant(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = manifest(data, "t01", "text", "missing", "t04")
    words = ["fleet", "migrate", listed, "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert run(words) == 1
    captured = capsys.readouterr()
    assert "stopped       1 of 4 files could not be migrated" in captured.out
    assert "[1/4] text: refused: " in captured.err
    assert_narrow(captured.out.splitlines(), tmp_path)

    assert run([*words, "--stop-at", "100%", "--format", "json", "-q"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["counts"] == {"done": 2, "refused": 2, "interrupted": 0, "failed": 0, "not_begun": 0}
    kinds = {file["tenant"]: file.get("kind") for file in document["files"]}
    assert (kinds["text"], kinds["missing"]) == ("NotADatabaseError", "MissingDatabaseError")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fleet", "migrate", "tenants.csv", "--out", "out", "--stop-at", "2"], "--stop-at"),
        (["fleet", "migrate", "tenants.csv", "--out", "out", "--stop-at", "101%"], "--stop-at"),
        (["fleet", "migrate", "nothing*.db", "--out", "out"], "no file has such a name"),
        (["fleet", "migrate", "twice.csv", "--out", "out"], "is listed twice, in rows 1 and 2"),
        (["fleet", "migrate", "tenants.csv", "--out", "data"], "this folder holds other things"),
        (["fleet", "rollback", "data"], "there is no journal of a migration here"),
        (["fleet", "rollback", "missing"], "there is no journal of a migration here"),
        (["fleet", "plan", "data"], "this is a folder"),
    ],
)
def test_wrong_usage_is_one_line(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    manifest(data, *GOOD)
    (tmp_path / "twice.csv").write_text("tenant,path\na,data/t01.db\nb,data/t01.db\n")
    monkeypatch.chdir(tmp_path)

    assert run(words) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out" / "migration.jsonl").exists()


def test_a_wave_that_there_is_not(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    assert run(["fleet", "migrate", manifest(data, "t01"), "--out", out, "-q"]) == 0
    assert run(["fleet", "rollback", out, "--wave", "7", "--yes"]) == 2

    assert "there is no wave 7. Waves of this migration are: 1" in capsys.readouterr().err


def test_the_same_pattern_means_the_same_files_afterwards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        write_before_columns(tmp_path / f"{name}.db", 5)
    words = ["fleet", "migrate", f"{tmp_path}/*.db", "--out", str(tmp_path / "out"), "-q", "--format", "json"]
    for now in (False, True):
        document = _json_of(words, capsys)
        assert [(file["tenant"], file["was_done"]) for file in document["files"]] == [("a", now), ("b", now)]
    assert len(list(tmp_path.glob("*.db"))) == 4
