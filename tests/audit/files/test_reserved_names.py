"""Nothing that an audit writes replaces an input or a database, or gets a name that SQLite uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audit.files.reserved_names import ReservedNameError, require_free_name, whose_name

SUFFIXES = ["-wal", "-shm", "-journal"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "t.db"
    path.write_bytes(b"SQLite format 3\x00")
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_side_file_of_a_database_belongs_to_sqlite_whether_it_is_there_or_not(database: Path, suffix: str) -> None:
    (database.parent / "elsewhere").symlink_to(database.parent)

    for name in (f"t.db{suffix}", f"t.db{suffix.upper()}", f"elsewhere/t.db{suffix}", "t.db-mj01234ABCD"):
        assert "SQLite keeps beside" in whose_name(database.parent / name)
        with pytest.raises(ReservedNameError, match="Name another place") as caught:
            require_free_name(database.parent / name, [database])
        assert caught.value.exit_code == 2


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_other_names_of_an_input_and_of_its_log_are_taken(database: Path, tmp_path: Path, link: object) -> None:
    assert callable(link)
    Path(f"{database}-wal").write_bytes(b"log")
    (tmp_path / "settings.toml").touch()
    for name in ("t.db", "t.db-wal", "settings.toml"):
        link(tmp_path / name, tmp_path / f"other_{name}")

    inputs = [database, tmp_path / "settings.toml"]
    assert whose_name(tmp_path / "other_t.db", inputs) == "it is an input of this audit, or another name of one"
    assert whose_name(tmp_path / "other_settings.toml", inputs) == whose_name(tmp_path / "other_t.db", inputs)
    assert whose_name(tmp_path / "other_t.db-wal", inputs).endswith("which SQLite keeps beside " + str(database))
    assert whose_name(tmp_path / "other_t.db-shm", inputs)


def test_a_database_that_is_no_input_is_not_replaced_either(database: Path, tmp_path: Path) -> None:
    assert whose_name(database) == "it is a SQLite database"

    (tmp_path / "earlier.json").write_text("{}")
    assert whose_name(tmp_path / "earlier.json", [database]) == ""


def test_a_file_that_this_process_has_open_is_not_looked_into(tmp_path: Path) -> None:
    # Closing it again would give up the locks that some SQLite library here may have on it.
    with (tmp_path / "open").open("wb"):
        assert whose_name(tmp_path / "open") == "it is a SQLite database"


def test_no_folder_that_would_have_to_be_made_may_have_such_a_name(database: Path) -> None:
    with pytest.raises(ReservedNameError, match=r"t\.db-wal: nothing can be written there"):
        require_free_name(Path(f"{database}-wal") / "reports" / "run_1", [database])

    require_free_name(database.parent / "reports" / "run_1", [database])


def test_the_folder_of_a_run_may_not_have_the_name_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "turns").write_bytes(b"SQLite format 3\x00")

    with pytest.raises(ReservedNameError, match="beside"):
        require_free_name(tmp_path / "turns-wal", [tmp_path / "turns"])
