"""Waves follow the manifest, what was left of one comes before the next, and no file is in two."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.fleet.errors import ManifestError
from audit.fleet.manifest import read_manifest
from audit.fleet.migration.journal import Entry, Event, Journal
from audit.fleet.migration.waves import require_unlike_files, waves_of
from support.files.fleet_files import rows_of

FILES = rows_of(*(Path(f"/fleet/{name}.db") for name in "abcdefg"))


def names(waves: object) -> list[tuple[int, str]]:
    return [(wave.number, "".join(file.tenant for file in wave.files)) for wave in waves]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("canary", "size", "expected"),
    [
        (0, 0, [(1, "abcdefg")]),
        (2, 0, [(1, "ab")]),
        (2, 1, [(1, "ab")]),
        (0, 3, [(1, "abc"), (2, "def"), (3, "g")]),
        (9, 0, [(1, "abcdefg")]),
    ],
)
def test_of_a_fleet_of_which_nothing_is_done(
    tmp_path: Path, canary: int, size: int, expected: list[tuple[int, str]]
) -> None:
    assert names(waves_of(FILES, Journal(tmp_path), canary=canary, size=size)) == expected


def test_what_a_wave_left_comes_first_under_its_number(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(Entry(Event.WAVE, wave=1, paths=tuple(file.path for file in FILES[:2])))
        for file in FILES[:2]:
            journal.write(Entry(Event.DONE, wave=1, path=file.path))
        journal.write(Entry(Event.WAVE, wave=2, paths=tuple(file.path for file in FILES[2:5])))
        journal.write(Entry(Event.DONE, wave=2, path=FILES[3].path))
        journal.write(Entry(Event.REFUSED, wave=2, path=FILES[4].path))

        assert names(waves_of(FILES, journal, size=3)) == [(2, "ce"), (3, "fg")]
        assert names(waves_of(FILES, journal, canary=2)) == []


def test_two_names_of_one_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")

    with pytest.raises(ManifestError, match="are one file by two names, in rows 1 and 2"):
        require_unlike_files(rows_of(tmp_path / "a.db", tmp_path / "b.db"))
    require_unlike_files(rows_of(tmp_path / "a.db", tmp_path / "missing.db", tmp_path / "missing too.db"))


def test_a_pattern_leaves_out_the_backups_of_files_that_it_finds(tmp_path: Path) -> None:
    names_there = (
        "a.db",
        "a.backup-20260224T101500Z.db",
        "a.backup-20260224T101500Z-2.db",
        "a.replaced-20260224T101500Z.db",
        "b.backup-20260224T101500Z.db",
        "c",
        "c.backup-20260224T101500Z.db",
        "backup-2.db",
    )
    for name in names_there:
        (tmp_path / name).touch()

    found = read_manifest([f"{tmp_path}/*"])
    assert [Path(file.path).name for file in found] == ["a.db", "b.backup-20260224T101500Z.db", "backup-2.db", "c"]
