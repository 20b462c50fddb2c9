"""The folder of a fleet has whole outcomes only, and one writer at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audit.errors import InputFileError
from audit.fleet.errors import FleetFolderError, FleetInUseError, FleetWriteError
from audit.fleet.fleet_folder import OUTCOME_FILE, FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.results.record_json import RecordFormatError

FILE = FleetFile(1, "acme", "/data/acme/turns.db", labels={"region": "eu"})


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path / "fleet")


def test_what_was_asked_is_read_again(folder: FleetFolder) -> None:
    options = FleetOptions(select=("backfill",), cutover_ms=12)
    with folder.working():
        folder.write_request([FILE], options, "[]")
    assert folder.read_request() == ((FILE,), options)
    assert {entry.stat().st_mode & 0o077 for entry in folder.path.rglob("*")} == {0}


def test_one_process_at_a_time_works_on_a_fleet(folder: FleetFolder) -> None:
    code = (
        "import sys; from pathlib import Path; from audit.fleet.fleet_folder import FleetFolder\n"
        "with FleetFolder(Path(sys.argv[1])).working(): pass"
    )
    with folder.working():
        other = subprocess.run(
            [sys.executable, "-c", code, str(folder.path)], capture_output=True, text=True, check=False
        )
        assert other.returncode == 1
        assert "another process works on this fleet" in other.stderr
        with pytest.raises(FleetInUseError), FleetFolder(folder.path).working():
            pass
    with folder.working():
        pass


def _break_off(folder: FleetFolder) -> None:
    with folder.new_place(FILE) as place:
        (place / OUTCOME_FILE).write_bytes(b"half")
        raise RuntimeError


def test_an_outcome_takes_the_place_of_an_earlier_one_only_when_it_is_whole(folder: FleetFolder) -> None:
    with folder.working():
        folder.write_error(FILE, "", "MissingFileError", "no such file")
        with pytest.raises(RuntimeError):
            _break_off(folder)
        outcome = folder.read_outcome(FILE, {})
        assert outcome is not None
        assert outcome.error == "no such file"
        assert [entry.name for entry in folder.outcomes.iterdir()] == [folder.place_of(FILE).name]


def test_an_outcome_of_another_tenant_or_a_damaged_one_is_none(folder: FleetFolder) -> None:
    with folder.working():
        folder.write_error(FILE, "", "MissingFileError", "no such file")
        assert folder.read_outcome(FleetFile(1, "brook", FILE.path), {}) is None
        (folder.place_of(FILE) / OUTCOME_FILE).write_bytes(b"damaged")
        assert folder.read_outcome(FILE, {}) is None


def test_folders_that_are_not_a_fleets_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FleetFolderError, match="holds other things"), FleetFolder(tmp_path).working():
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(FleetFolderError, match="Name a folder"), FleetFolder(tmp_path / "mine.txt" / "out").working():
        pass
    with pytest.raises(InputFileError, match="Name the folder of a fleet"):
        FleetFolder(tmp_path / "none").read_request()
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(RecordFormatError):
        FleetFolder(tmp_path).read_request()


def test_a_full_disk_is_told_with_how_to_go_on(folder: FleetFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with folder.working():
        monkeypatch.setattr("audit.fleet.fleet_folder.write_whole", full)
        with pytest.raises(
            FleetWriteError, match=r"No space left on device.*go on with: turntruth fleet resume"
        ) as told:
            folder.write_request([FILE], FleetOptions(), "[]")
        assert told.value.exit_code == 3
