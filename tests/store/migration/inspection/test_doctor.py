"""The doctor names what is wrong with a file, how bad it is and what to do, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from store.migration import Diagnosis, diagnose, failpoints, migrate
from support.files.migration_files import (
    forge_object_type,
    query,
    run_sql,
    sha256,
    write_before_columns,
    write_payload_table,
)

SampleCopy = Callable[[str], Path]


def found(diagnosis: Diagnosis, topic: str, severity: str) -> list[str]:
    return [r.message for r in diagnosis.remarks if (r.topic, r.severity) == (topic, severity)]


def test_a_migrated_file_is_healthy(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db")
    migrate(path, backup=False)
    before = sha256(path)
    diagnosis = diagnose(path)

    assert diagnosis.healthy
    assert diagnosis.shape == "migrated"
    assert found(diagnosis, "integrity", "info") == ["the integrity check found nothing"]
    assert found(diagnosis, "references", "info") == ["every foreign key finds its row"]
    assert found(diagnosis, "values", "warning") == ["8 turns without runtime have metadata that is no JSON object"]
    assert sha256(path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.db"]


@pytest.mark.parametrize(
    "name",
    ["pre_small_turns.db", "legacy0_turns.db", "legacy1_snapshots_turns.db", "legacy2_stuck_migration_turns.db"],
)
def test_an_old_file_is_told_to_be_migrated(sample_copy: SampleCopy, name: str) -> None:
    diagnosis = diagnose(sample_copy(name))
    (remark,) = [r for r in diagnosis.remarks if r.topic == "shape"]

    assert remark.severity == "warning"
    assert remark.remedy.startswith("Run: turntruth migrate ")
    assert json.loads(json.dumps(diagnosis.to_json()))["healthy"] == diagnosis.healthy


def test_a_drifted_file_is_told_to_replace_the_old_program(sample_copy: SampleCopy) -> None:
    assert found(diagnose(sample_copy("drift_downgrade_turns.db")), "values", "warning") == [
        "1 turns were saved again by a program that does not know the columns"
    ]


def test_an_unknown_file_is_critical(sample_copy: SampleCopy) -> None:
    diagnosis = diagnose(sample_copy("pre_small_timeline.db"))

    assert not diagnosis.healthy
    assert "conversations, not turns" in found(diagnosis, "shape", "critical")[0]


def test_an_unfinished_migration_and_a_quarantine_are_named(tmp_path: Path) -> None:
    path = write_payload_table(tmp_path / "t.db", rows=[("c", "s", "t", "final", 1, "no turn: [")])

    def stop(name: str) -> None:
        if name == "backfill: before commit":
            raise KeyError(name)

    with failpoints.armed(stop), pytest.raises(KeyError):
        migrate(path, backup=False)
    diagnosis = diagnose(path)

    assert diagnosis.shape == "half_migrated"
    assert "is running" in " ".join(found(diagnosis, "ledger", "warning"))
    assert "1 payload texts are in quarantine" in found(diagnosis, "ledger", "warning")


def test_a_ledger_that_no_run_can_go_on_from_is_critical(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db")
    migrate(path, backup=False)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE turntruth_migrations SET counts_json = '{' WHERE step = 'migration'")
    connection.close()
    found = [remark for remark in diagnose(path).remarks if remark.topic == "ledger"]
    assert [(remark.severity, "cannot be read" in remark.message) for remark in found] == [("critical", True)]
    assert "turntruth rollback" in found[0].remedy


@pytest.mark.parametrize(
    ("library", "journal", "severity"),
    [((3, 50, 0), "wal", "warning"), ((3, 51, 3), "wal", "info"), ((3, 50, 0), "delete", "info")],
)
def test_a_writing_library_that_can_corrupt_a_log_is_named(
    tmp_path: Path, library: tuple[int, int, int], journal: str, severity: str
) -> None:
    path = write_before_columns(tmp_path / "t.db", journal=journal)
    raw = bytearray(path.read_bytes())
    raw[96:100] = (library[0] * 1_000_000 + library[1] * 1_000 + library[2]).to_bytes(4, "big")
    path.write_bytes(raw)
    name = ".".join(map(str, library))

    assert any(f"SQLite {name} wrote this file last" in m for m in found(diagnose(path), "library", severity))


def test_damage_is_critical_and_does_not_hide_the_rest(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db", 600)
    page = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'")[0][0]
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * 4096 : (page - 1) * 4096 + 64] = b"\xff" * 64
    path.write_bytes(raw)
    diagnosis = diagnose(path)

    assert not diagnosis.healthy
    assert any(r.severity == "critical" and r.remedy.startswith("Restore") for r in diagnosis.remarks)
    assert diagnosis.remarks[0].severity == "critical"
    assert found(diagnosis, "space", "info")


def test_rows_that_refer_to_nothing_and_cells_of_another_type_are_counted(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db")
    run_sql(
        path,
        "DELETE FROM blocks WHERE rowid <= 3",
        "UPDATE turns SET turn_created_at_ms = 'yesterday' WHERE rowid = 2",
        "UPDATE turns SET turn_metadata_json = x'7b7d' WHERE rowid IN (4, 5)",
    )
    diagnosis = diagnose(path)

    assert found(diagnosis, "references", "critical") == [
        "3 rows of turn_block_membership refer to missing rows of blocks"
    ]
    assert found(diagnosis, "types", "warning") == [
        "1 rows of turns hold no integer in turn_created_at_ms",
        "2 rows of turns hold no text in turn_metadata_json",
    ]


def test_what_a_killed_backup_left_is_named(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "[t].db")
    (tmp_path / "[t].backup-20260224T101500Z.db.4711.partial").write_bytes(b"half of it")
    (tmp_path / "other.backup-20260224T101500Z.db.4711.partial").touch()

    (line,) = [message for message in found(diagnose(path), "space", "info") if "unfinished backup" in message]
    assert "[t].backup-20260224T101500Z.db.4711.partial" in line


def test_a_log_that_is_live_is_read_and_left(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db", journal="wal")
    writer = apsw.Connection(str(path))
    writer.execute("UPDATE turns SET turn_data_json = '{\"a\":1}'")
    log = Path(f"{path}-wal").read_bytes()
    diagnose(path)

    assert Path(f"{path}-wal").read_bytes() == log
    writer.close()


def test_an_object_of_an_unknown_type_is_named_where_sqlite_finds_nothing(tmp_path: Path) -> None:
    path = forge_object_type(write_before_columns(tmp_path / "t.db"))
    found = [remark for remark in diagnose(path).remarks if remark.topic == "integrity"]
    assert [remark.severity for remark in found] == ["critical"]
    assert "'sqlite_autoindex_turns_1' is of the unknown type 'i?dex'" in found[0].message
