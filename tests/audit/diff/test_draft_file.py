"""The file of a draft: there whole or not at all, and never in the place of another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.diff.draft_file import DraftExistsError, DraftFile, DraftWriteError


@pytest.fixture(name="drafted")
def make_drafted(tmp_path: Path) -> Path:
    (tmp_path / "private").mkdir()
    path = tmp_path / "private" / "draft.toml"
    path.write_text("name = ''\n")
    return path


@pytest.mark.parametrize(("mode", "expected"), [(0o600, 0o600), (0o640, 0o640)])
def test_it_lets_in_whom_both_inputs_let_in(tmp_path: Path, drafted: Path, mode: int, expected: int) -> None:
    inputs = [tmp_path / "before.db", tmp_path / "after.db"]
    for path, given in zip(inputs, (mode, 0o644), strict=True):
        path.touch()
        path.chmod(given)

    DraftFile(tmp_path / "new.toml", inputs).write(drafted)

    assert (tmp_path / "new.toml").read_bytes() == drafted.read_bytes()
    assert (tmp_path / "new.toml").stat().st_mode & 0o777 == expected


def test_what_has_come_meanwhile_stays(tmp_path: Path, drafted: Path) -> None:
    draft = DraftFile(tmp_path / "new.toml", [])
    draft.path.write_text("somebody's work")

    with pytest.raises(DraftExistsError):
        draft.write(drafted)

    assert draft.path.read_text() == "somebody's work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.toml", "private"]


def test_on_a_disk_without_links_it_is_written_too(
    tmp_path: Path, drafted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)

    DraftFile(tmp_path / "new.toml", []).write(drafted)

    assert (tmp_path / "new.toml").read_bytes() == drafted.read_bytes()


def test_what_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path, drafted: Path) -> None:
    with pytest.raises(DraftWriteError, match="no such folder"):
        DraftFile(tmp_path / "folder" / "new.toml", [])

    draft = DraftFile(tmp_path / "new.toml", [])
    drafted.unlink()
    with pytest.raises(DraftWriteError, match="No such file"):
        draft.write(drafted)

    assert [path.name for path in tmp_path.iterdir()] == ["private"]
