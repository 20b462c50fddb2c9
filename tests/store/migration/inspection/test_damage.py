"""A damaged file is refused before the first write: not one byte of it, or beside it, is another afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from audit import cli
from store.errors import DamagedDatabaseError
from store.migration import MigrationInterruptedError, diagnose, failpoints, migrate
from store.migration.connection import open_for_reading
from store.migration.inspection import damage
from store.migration.inspection.damage import refuse_damage, written_tables
from store.migration.inspection.shapes import recognise
from support.files.migration_files import (
    content,
    forge_object_type,
    old_content,
    query,
    run_sql,
    sha256,
    write_before_columns,
    write_payload_table,
)

PAGE = 4096
_OLD_INDEXES = ("turns_by_conv_session", "turns_by_session", "sqlite_autoindex_turns_1")


def pages_of(path: Path, name: str) -> list[int]:
    return [page for (page,) in query(path, "SELECT pageno FROM dbstat WHERE name = ? ORDER BY 1", name)]


def free_pages(path: Path) -> list[int]:
    """Pages that belong to no table and no index, so that only the list of free pages can name them."""
    count = query(path, "PRAGMA page_count")[0][0]
    return sorted(set(range(1, count + 1)) - {page for (page,) in query(path, "SELECT pageno FROM dbstat")})


def damage_at(path: Path, offset: int, new: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(new)


def state(path: Path) -> dict[str, str]:
    """Every file of the folder with its bytes' hash."""
    return {each.name: sha256(each) for each in sorted(path.parent.iterdir())}


def with_free_pages(path: Path) -> Path:
    run_sql(path, "CREATE TABLE gone AS SELECT * FROM turns, (VALUES (1), (2), (3))", "DROP TABLE gone")
    return path


@pytest.mark.parametrize("backup", [True, False])
def test_an_object_of_an_unknown_type_is_damage(tmp_path: Path, backup: bool) -> None:
    """SQLite itself takes an index of its own by its name, and says that all is well."""
    path = forge_object_type(write_before_columns(tmp_path / "t.db"))
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    before = sha256(path)
    with pytest.raises(DamagedDatabaseError, match="'sqlite_autoindex_turns_1' is of the unknown type 'i\\?dex'"):
        migrate(path, backup=backup)
    assert sha256(path) == before


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("index", _OLD_INDEXES)
def test_a_damaged_page_of_an_old_index_is_refused_without_a_backup(tmp_path: Path, journal: str, index: str) -> None:
    path = write_before_columns(tmp_path / "t.db", 600, journal=journal)
    damage_at(path, (pages_of(path, index)[-1] - 1) * PAGE, b"\xff" * 5)
    before = state(path)
    with pytest.raises(DamagedDatabaseError, match="not one byte was changed"):
        migrate(path, backup=False)

    assert state(path) == before


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_flipped_byte_is_refused_before_the_first_write_or_does_no_harm(tmp_path: Path, journal: str) -> None:
    """Bytes at random places of turns, their indexes and the free pages, each in a copy of its own."""
    chance = random.Random(20260224)
    whole = with_free_pages(write_before_columns(tmp_path / "whole.db", 600, journal=journal))
    untouched = old_content(whole)
    raw = whole.read_bytes()
    places = [*(pages_of(whole, name) for name in ("turns", *_OLD_INDEXES)), free_pages(whole)]
    refused = 0
    for number in range(30):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "t.db"
        page = chance.choice(places[number % len(places)])
        # The heads of pages matter most: half of the flips go there.
        at = (page - 1) * PAGE + chance.randrange(16 if number % 2 else PAGE)
        path.write_bytes(raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :])
        before = state(path)
        try:
            migrate(path, backup=False)
        except DamagedDatabaseError:
            refused += 1
            assert state(path) == before, (number, at)
        else:
            assert query(path, "PRAGMA quick_check") == [("ok",)], (number, at)
            assert old_content(path).keys() == untouched.keys()

    assert refused > 6


@pytest.mark.parametrize("backup", [False, True])
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_an_entry_of_an_index_that_is_not_as_its_row_is_refused_where_a_time_has_to_be_repaired(
    tmp_path: Path, journal: str, backup: bool
) -> None:
    """The quick check does not see it: taking the entry out would stop the run half way."""
    path = write_before_columns(tmp_path / "t.db", 600, journal=journal)
    page = pages_of(path, "turns_by_session")[-1]
    raw = bytearray(path.read_bytes())
    for at in range((page - 1) * PAGE + 1_000, page * PAGE):
        if raw[at : at + 4] == b"sess":
            raw[at : at + 4] = b"siss"
    path.write_bytes(raw)
    assert query(path, "PRAGMA quick_check") == [("ok",)]
    before = state(path)
    with pytest.raises(DamagedDatabaseError, match="turns_by_session"):
        migrate(path, backup=backup)

    assert state(path) == before


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_free_page_that_a_table_has_as_well_is_refused(tmp_path: Path, journal: str) -> None:
    """It would be given to a new index, and be gone from the table."""
    path = with_free_pages(write_before_columns(tmp_path / "t.db", 600, journal=journal))
    trunk = int.from_bytes(path.read_bytes()[32:36], "big")
    damage_at(path, (trunk - 1) * PAGE + 8, pages_of(path, "blocks")[-1].to_bytes(4, "big"))
    before = state(path)
    with pytest.raises(DamagedDatabaseError, match="damaged"):
        migrate(path, backup=False)

    assert state(path) == before


def test_the_log_of_a_live_file_stays_as_it_is(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db", 600, journal="wal")
    damage_at(path, (pages_of(path, "turns_by_session")[-1] - 1) * PAGE, b"\xff" * 5)
    writer = apsw.Connection(str(path))
    writer.execute("CREATE TABLE notes (note TEXT)")
    before = {name: digest for name, digest in state(path).items() if not name.endswith("-shm")}
    assert "t.db-wal" in before
    with pytest.raises(DamagedDatabaseError):
        migrate(path, backup=False)

    assert {name: digest for name, digest in state(path).items() if not name.endswith("-shm")} == before
    writer.close()


def test_payload_texts_that_cannot_be_read_are_refused_before_their_table_is_renamed(tmp_path: Path) -> None:
    rows = [("c", "s", f"t-{n}", "final", n, "id: x\n" * 50) for n in range(300)]
    path = write_payload_table(tmp_path / "t.db", rows=rows)
    damage_at(path, (pages_of(path, "turns")[-1] - 1) * PAGE, b"\xff" * 5)
    before = state(path)
    with pytest.raises(DamagedDatabaseError):
        migrate(path, backup=False)

    assert state(path) == before


def stopped_after_begin(path: Path, *, backup: bool) -> None:
    def stop(name: str) -> None:
        if name == "backfill: filled":
            raise KeyboardInterrupt

    with failpoints.armed(stop), pytest.raises(MigrationInterruptedError):
        migrate(path, backup=backup)


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("backup", [True, False])
def test_a_run_that_goes_on_looks_as_well_for_its_backup_is_from_before(
    tmp_path: Path, journal: str, *, backup: bool
) -> None:
    path = write_before_columns(tmp_path / "t.db", 600, journal=journal)
    stopped_after_begin(path, backup=backup)
    damage_at(path, (pages_of(path, "turns_by_session")[-1] - 1) * PAGE, b"\xff" * 5)
    before = state(path)
    with pytest.raises(DamagedDatabaseError, match="not one byte was changed"):
        migrate(path, backup=backup)

    assert state(path) == before


def test_a_backup_that_was_just_verified_makes_the_look_needless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    monkeypatch.setattr(damage, "refuse_damage", lambda path, *_, **__: looks.append(path))
    migrate(write_before_columns(tmp_path / "with.db"))
    assert looks == []
    migrate(write_before_columns(tmp_path / "without.db"), backup=False)
    assert looks == [str(tmp_path / "without.db")]


def test_damage_of_a_table_that_is_not_written_keeps_nobody_from_migrating(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db", 600)
    run_sql(path, "CREATE TABLE notes AS SELECT * FROM turns")
    damage_at(path, (pages_of(path, "notes")[-1] - 1) * PAGE, b"\xff" * 5)

    assert migrate(path, backup=False).status == "migrated"


def test_ctrl_c_ends_the_look_in_the_middle_of_a_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damage, "_STEPS", 5)
    path = write_before_columns(tmp_path / "t.db", 600)
    before = state(path)

    def stop(name: str) -> None:
        if name == "damage: reading":
            raise KeyboardInterrupt

    with failpoints.armed(stop), pytest.raises(MigrationInterruptedError, match="before its first change"):
        migrate(path, backup=False)

    assert state(path) == before


def shapes(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    yield write_before_columns(folder / "normal.db"), {"turns"}
    yield write_payload_table(folder / "texts.db"), {"turns"}
    migrated = write_before_columns(folder / "migrated.db")
    migrate(migrated, backup=False)
    yield migrated, {"turns", "turntruth_migrations", "turntruth_quarantine"}
    interim = write_payload_table(folder / "interim.db", "turn_snapshots")
    run_sql(interim, "CREATE TABLE notes (note TEXT)")
    yield interim, {"turn_snapshots"}


def test_what_is_looked_at_is_what_is_written(tmp_path: Path) -> None:
    for path, tables in shapes(tmp_path):
        connection = open_for_reading(path)
        try:
            assert set(written_tables(recognise(connection))) == tables, path.name
        finally:
            connection.close()


def test_a_definition_that_is_no_utf_8_is_told_as_damage(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db", 3)
    damage_at(path, path.read_bytes().index(b"DEFAULT '{}'") + 9, b"\xe0")
    before = state(path)
    for command in (diagnose, migrate):
        with pytest.raises(DamagedDatabaseError, match="no UTF-8"):
            command(path)

    assert state(path) == before


def test_the_command_says_it_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_before_columns(tmp_path / "t.db", 600)
    damage_at(path, (pages_of(path, "turns_by_session")[-1] - 1) * PAGE, b"\xff" * 5)

    assert cli.run(["migrate", str(path), "--no-backup", "--quiet"]) == 2
    told = capsys.readouterr().err
    assert len(told.strip().splitlines()) == 1
    assert "not one byte was changed" in told
    assert "main" not in told


def test_a_sound_file_of_every_kind_passes(tmp_path: Path) -> None:
    for path, _ in shapes(tmp_path):
        before = sha256(path)
        refuse_damage(path)
        refuse_damage(path, drop_legacy=True)
        assert sha256(path) == before
    assert content(tmp_path / "migrated.db")["turns"]
