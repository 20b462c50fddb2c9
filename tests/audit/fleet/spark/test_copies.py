"""Files that are named by a URI are left to Spark, whoever reads the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import InputFileError, MissingFileError
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile, read_manifest
from audit.fleet.options import FleetOptions
from audit.fleet.spark.copies import find_sources
from audit.fleet.spark.session import Session
from audit.fleet.unit_task import ERRORED, Task, TaskRunner, checks_of

PLACE = "hdfs://host/data"


class FileSystem(Session):
    """Knows files with their sizes, and no Spark."""

    def __init__(self, **sizes_bytes: int) -> None:
        self._sizes_bytes = {f"{PLACE}/{name.replace('_', '.', 1)}": size for name, size in sizes_bytes.items()}

    def status_of(self, uri: str) -> tuple[str, int, int] | None:
        size_bytes = self._sizes_bytes.get(uri.replace("-wal", "_wal"))
        return None if size_bytes is None else (uri, size_bytes, 1)


def test_a_uri_is_no_path_of_this_machine(tmp_path: Path) -> None:
    manifest = tmp_path / "fleet.csv"
    manifest.write_text(f"tenant,path,timeline\na,{PLACE}/a.db,s3a://bucket/t.db\nb,b.db,\n")

    a, b = read_manifest([str(manifest)])

    assert (a.path, a.timeline) == (f"{PLACE}/a.db", "s3a://bucket/t.db")
    assert b.path == str(tmp_path / "b.db")


def test_tenants_of_uris() -> None:
    assert [file.tenant for file in read_manifest([f"{PLACE}/a.db", "b.db"])] == ["a", "b"]
    same = [f"{PLACE}/one/turns.db", "two/turns.db"]
    assert [file.tenant for file in read_manifest(same)] == [same[0], str(Path("two/turns.db").absolute())]


def test_the_local_engine_says_that_it_does_not_read_them(tmp_path: Path) -> None:
    folder = FleetFolder(tmp_path / "out")
    file = FleetFile(1, "a", f"{PLACE}/a.db")
    options = FleetOptions()

    with folder.working(), TaskRunner(folder, Task(options, options.digest(), reuse=False)) as runner:
        assert runner.run(file) == ERRORED

    outcome = folder.read_outcome(file, checks_of(options))
    assert outcome is not None
    assert outcome.error == f"{PLACE}/a.db: only Spark reads files by URI. Use --engine spark, or name a path"


def test_what_lies_beside_a_file_comes_along_and_empty_files_are_not_handed_over() -> None:
    session = FileSystem(a_db=10, a_db_wal=5, t_db=0)

    sources = find_sources(session, FleetFile(1, "a", f"{PLACE}/a.db", f"{PLACE}/t.db"))

    assert sources.names == {
        f"{PLACE}/a.db": "path.db",
        f"{PLACE}/a.db-wal": "path.db-wal",
        f"{PLACE}/t.db": "timeline.db",
    }
    assert sources.filled == [f"{PLACE}/a.db", f"{PLACE}/a.db-wal"]


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(MissingFileError, match="Look whether Spark's file system has it"):
        find_sources(FileSystem(), FleetFile(1, "a", f"{PLACE}/a.db"))


def test_a_file_that_is_too_large_to_be_handed_over() -> None:
    with pytest.raises(InputFileError, match=r"cannot hand over more than 2 GB\. Put it on a shared folder"):
        find_sources(FileSystem(a_db=1 << 31), FleetFile(1, "a", f"{PLACE}/a.db"))


def test_files_of_a_row_are_named_in_one_way() -> None:
    with pytest.raises(InputFileError, match="Name all of them in one way"):
        find_sources(FileSystem(a_db=1), FleetFile(1, "a", f"{PLACE}/a.db", "/data/t.db"))
