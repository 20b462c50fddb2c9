"""The plan predicts what the migration then does, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from store.migration import Progress, migrate, plan
from store.migration.ledger import Evidence
from support.files.migration_files import content, query, sha256, write_before_columns, write_payload_table

SampleCopy = Callable[[str], Path]
SAMPLES = [
    "legacy0_turns.db",
    "legacy0_clean_turns.db",
    "legacy1_snapshots_turns.db",
    "legacy2_stuck_migration_turns.db",
    "pre_small_turns.db",
    "gp26_from_pre_small_turns.db",
    "gp26_native_turns.db",
    "drift_downgrade_turns.db",
]
PREDICTED = ("rows", "runtime_key", "inference_id", "times_repaired", "quarantined", "without_blocks", "shape")


@pytest.mark.parametrize("evidence", ["all", "direct"])
@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_predicted_is_what_happens(sample_copy: SampleCopy, name: str, evidence: Evidence) -> None:
    path = sample_copy(name)
    foreseen = plan(path, evidence=evidence)
    done = migrate(path, evidence=evidence, backup=False)

    assert {key: foreseen.to_json()[key] for key in PREDICTED} == {key: done.to_json()[key] for key in PREDICTED}
    assert (foreseen.status == "already_migrated") == (done.status == "already_migrated")
    assert foreseen.texts == done.converted + done.without_blocks + done.quarantined


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_it_changes_no_byte_and_leaves_no_file(tmp_path: Path, journal: str) -> None:
    path = write_before_columns(tmp_path / "t.db", journal=journal)
    before = sha256(path)
    foreseen = plan(path)

    assert foreseen.wrote_nothing
    assert sha256(path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.db"]


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_change_by_another_program_meanwhile_is_told(tmp_path: Path, journal: str) -> None:
    """With a write-ahead log it is the log that grows; the file itself is as it was."""
    path = write_before_columns(tmp_path / "t.db", journal=journal)
    other = apsw.Connection(str(path))

    class Meddler(Progress):
        def finish(self) -> None:
            other.execute("UPDATE turns SET turn_data_json = '{\"a\": 1}' WHERE rowid = 1")

    assert plan(path).wrote_nothing
    assert not plan(path, progress=Meddler()).wrote_nothing
    other.close()


def test_it_names_the_schema_difference_the_aliases_the_locks_and_the_disk(tmp_path: Path) -> None:
    foreseen = plan(write_before_columns(tmp_path / "t.db"))

    assert [column.split()[0] for column in foreseen.columns] == ['"runtime_key"', '"inference_id"']
    assert foreseen.indexes == ("turns_by_conv_runtime_updated", "turns_by_conv_inference_updated")
    assert foreseen.aliases == {"runtime": 9, "inference_id": 9}
    assert any("100 ms" in line for line in foreseen.locks)
    assert set(foreseen.disk) == {"backup", "growth", "log", "temporary", "free"}
    assert {"backup", "backfill", "indexes", "longest lock (one index)"} == set(foreseen.seconds)


@pytest.mark.parametrize(("journal", "waits"), [("wal", []), ("delete", ["readers wait", "writers wait"])])
def test_who_waits_for_whom_depends_on_the_log(tmp_path: Path, journal: str, waits: list[str]) -> None:
    """Without a write-ahead log a consistent copy keeps writers out for as long as it takes, and a commit readers."""
    foreseen = plan(write_before_columns(tmp_path / "t.db", journal=journal))
    said = " ".join(foreseen.locks)

    assert [words for words in ("readers wait", "writers wait") if words in said] == waits
    assert ("readers are not held up" in said) == (not waits)
    assert (f"about {foreseen.seconds['backup']:,.1f} s" in said) == bool(waits)


def test_programs_of_an_old_shape_are_told_to_stop_first(tmp_path: Path) -> None:
    assert any("stop them before" in line for line in plan(write_payload_table(tmp_path / "t.db")).locks)


class TestStatementsByHand:
    def test_they_make_the_target_schema_and_fill_what_is_plain(self, sample_copy: SampleCopy, tmp_path: Path) -> None:
        by_hand, by_engine = sample_copy("pre_small_turns.db"), tmp_path / "engine.db"
        by_engine.write_bytes(by_hand.read_bytes())
        statements = plan(by_hand).sql
        connection = apsw.Connection(str(by_hand))
        connection.execute("\n".join(statements))
        connection.close()
        migrate(by_engine, backup=False)

        manual = {row[:3]: row[6:8] for row in content(by_hand)["turns"]}
        engine = {row[:3]: row[6:8] for row in content(by_engine)["turns"]}
        for key, values in manual.items():
            for mine, theirs in zip(values, engine[key], strict=True):
                assert mine in {"", theirs}
        direct = "SELECT count(*) FROM turns WHERE runtime_key = ''"
        assert query(by_hand, direct)[0][0] - query(by_engine, direct)[0][0] < 60
        assert plan(by_hand).columns == plan(by_hand).indexes == ()

    def test_payload_texts_cannot_be_converted_by_hand(self, tmp_path: Path) -> None:
        *told, line = plan(write_payload_table(tmp_path / "t.db")).sql
        assert told[:2] == [
            "-- turntruth migrate changes these cells:",
            "--   turns.inference_id filled from text: 4",
        ]

        assert line.startswith("--")
