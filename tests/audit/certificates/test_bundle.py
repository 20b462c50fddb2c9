"""A run in one zip file, and what is refused of one."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.certificates import bundle
from audit.certificates.bundle import (
    BundleError,
    BundleExistsError,
    BundleWriteError,
    UnbundledRunError,
    opened_run,
    write_bundle,
)
from audit.certificates.verification.run_verification import verify_run
from audit.errors import InputFileError
from audit.files.reserved_names import ReservedNameError


@pytest.fixture
def packed(run: Path, tmp_path: Path) -> Path:
    target = tmp_path / "run.zip"
    write_bundle(run, target)
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def rewritten(path: Path, change: Callable[[zipfile.ZipInfo, bytes], list[tuple[zipfile.ZipInfo, bytes]]]) -> Path:
    """The bundle with other entries."""
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name that is there twice
        for entry in source.infolist():
            for new, data in change(entry, source.read(entry)):
                archive.writestr(new, data)
    return target


def refused(path: Path) -> str:
    with pytest.raises(BundleError) as caught, opened_run(path):
        pass
    return caught.value.problem


class TestWriting:
    def test_it_holds_the_whole_run_and_unpacks_to_the_same_files(self, run: Path, packed: Path) -> None:
        (run / "certificate.json.sig").write_text("a signature")
        packed.unlink()
        write_bundle(run, packed)

        with opened_run(packed) as folder:
            assert contents(folder) == contents(run)
            assert folder.name == "damaged"
            assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
        assert not folder.parent.exists()

    def test_the_same_run_gives_the_same_bytes(self, run: Path, packed: Path, tmp_path: Path) -> None:
        copy = Path(shutil.copytree(run, tmp_path / "elsewhere"))
        for entry in copy.iterdir():
            os.utime(entry, (1, 1))
        write_bundle(copy, tmp_path / "again.zip")

        assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()

    def test_it_verifies_as_the_folder_does(self, run: Path, packed: Path) -> None:
        with opened_run(packed) as folder:
            assert verify_run(folder).comparisons == verify_run(run).comparisons

    def test_nobody_may_read_it_who_may_not_read_the_run(self, run: Path, tmp_path: Path) -> None:
        for entry in run.iterdir():
            entry.chmod(0o644)
        (run / "results.json").chmod(0o600)

        write_bundle(run, tmp_path / "private.zip")

        assert stat.S_IMODE((tmp_path / "private.zip").stat().st_mode) == 0o600

    def test_nothing_is_written_over(self, run: Path, packed: Path) -> None:
        packed.write_text("mine")

        with pytest.raises(BundleExistsError):
            write_bundle(run, packed)

        assert packed.read_text() == "mine"

    def test_not_under_a_name_of_sqlite(self, run: Path) -> None:
        database = next(run.parent.parent.rglob("turns.db"), None) or run / "results.json"

        with pytest.raises((ReservedNameError, BundleExistsError)):
            write_bundle(run, database)

    @pytest.mark.parametrize("name", ["turns.db", ".hidden"])
    def test_what_somebody_laid_into_the_folder_is_not_sent_along(self, name: str, run: Path, tmp_path: Path) -> None:
        (run / name).write_text("secret")

        with pytest.raises(UnbundledRunError, match=f"{name} is no file of this run"):
            write_bundle(run, tmp_path / "run.zip")

        assert not (tmp_path / "run.zip").exists()

    def test_a_link_is_not_followed(self, run: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        (run / "index.html").unlink()
        (run / "index.html").symlink_to(tmp_path / "secret")

        with pytest.raises(UnbundledRunError, match=r"index\.html is a symbolic link"):
            write_bundle(run, tmp_path / "run.zip")

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (lambda page: page.write_text("other"), "index.html is not as its certificate says"),
            (lambda page: page.unlink(), "index.html cannot be read: No such file"),
        ],
    )
    def test_a_run_that_would_not_verify(
        self, change: Callable[[Path], object], problem: str, run: Path, tmp_path: Path
    ) -> None:
        change(run / "index.html")

        with pytest.raises(UnbundledRunError, match=problem):
            write_bundle(run, tmp_path / "run.zip")

        assert sorted(entry.name for entry in tmp_path.iterdir()) == [run.name]

    def test_a_folder_that_is_no_run(self, tmp_path: Path) -> None:
        with pytest.raises(InputFileError):
            write_bundle(tmp_path, tmp_path / "run.zip")

    def test_a_place_that_is_not_there(self, run: Path, tmp_path: Path) -> None:
        with pytest.raises(BundleWriteError, match="No such file"):
            write_bundle(run, tmp_path / "missing" / "run.zip")


class TestReading:
    @pytest.fixture(autouse=True)
    def temporary(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Whatever is refused, nothing of it is left."""
        place = tmp_path / "temporary"
        place.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        return place

    @pytest.fixture(autouse=True)
    def nothing_is_left(self, temporary: Path) -> object:
        yield
        assert list(temporary.iterdir()) == []

    @pytest.mark.parametrize(
        "name",
        [
            "../evil",
            "/etc/evil",
            "damaged/../evil",
            "damaged/a/b",
            "damaged/",
            "other/evil",
            "damaged/..\\evil",
            "evil",
        ],
    )
    def test_a_name_that_leads_elsewhere(self, name: str, packed: Path, tmp_path: Path) -> None:
        added = rewritten(packed, lambda entry, data: [(entry, data), (zipfile.ZipInfo(name), b"x")])

        assert "no plain file" in (said := refused(added)) or "no zip file with one run" in said
        assert not list(tmp_path.rglob("evil"))

    def test_a_link(self, packed: Path) -> None:
        def linked(entry: zipfile.ZipInfo, data: bytes) -> list[tuple[zipfile.ZipInfo, bytes]]:
            if entry.filename.endswith("index.html"):
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
                return [(entry, b"/etc/passwd")]
            return [(entry, data)]

        assert "no plain file" in refused(rewritten(packed, linked))

    def test_a_file_that_is_there_twice_also_in_other_letters(self, packed: Path) -> None:
        def twice(entry: zipfile.ZipInfo, data: bytes) -> list[tuple[zipfile.ZipInfo, bytes]]:
            return [(entry, data), (zipfile.ZipInfo(entry.filename.replace("index", "INDEX")), data)]

        assert "no zip file with one run" in refused(rewritten(packed, twice))

    def test_more_than_its_size_can_hold(self, packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bundle, "SMALL_BYTES", 1 << 20)
        bomb = rewritten(packed, lambda entry, data: [(entry, data)])
        with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.writestr("damaged/zeros", bytes(400 << 20))

        assert "it would unpack to" in refused(bomb)

    def test_more_files_than_a_run_has(self, packed: Path) -> None:
        with zipfile.ZipFile(packed, "a") as archive:
            for number in range(100):
                archive.writestr(f"damaged/{number}", b"")

        assert "a run has 64 at most" in refused(packed)

    def test_a_list_of_files_that_has_no_end(self, packed: Path) -> None:
        with zipfile.ZipFile(packed, "a") as archive:
            for number in range(20_000):
                archive.writestr(f"damaged/{number}", b"")

        assert "its list of files is larger" in refused(packed)

    def test_a_packing_that_is_not_ours(self, packed: Path) -> None:
        def other(entry: zipfile.ZipInfo, data: bytes) -> list[tuple[zipfile.ZipInfo, bytes]]:
            entry.compress_type = zipfile.ZIP_LZMA
            return [(entry, data)]

        assert "packed in an unusual way" in refused(rewritten(packed, other))

    def test_another_folder_than_that_of_a_run(self, packed: Path) -> None:
        def renamed(entry: zipfile.ZipInfo, data: bytes) -> list[tuple[zipfile.ZipInfo, bytes]]:
            return [(zipfile.ZipInfo(entry.filename.replace("damaged/", "..evil/")), data)]

        assert "its folder is called '..evil'" in refused(rewritten(packed, renamed))

    @pytest.mark.parametrize("size_bytes", [0, 10, 1000, -1])
    def test_a_file_that_is_cut_or_none(self, size_bytes: int, packed: Path) -> None:
        packed.write_bytes(packed.read_bytes()[:size_bytes])

        assert "no zip file that can be unpacked" in refused(packed)

    def test_bytes_that_have_changed_under_way(self, packed: Path) -> None:
        text = bytearray(packed.read_bytes())
        text[1000] ^= 255
        packed.write_bytes(text)

        assert refused(packed)

    def test_no_room_for_it(self, packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))

        assert "0 are free there" in refused(packed)

    def test_a_folder_is_taken_as_it_is(self, run: Path) -> None:
        with opened_run(run) as folder:
            assert folder == run
