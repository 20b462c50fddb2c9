"""The tables of migrations and backups: every arm does its work on a small file, and each goal stands in a line."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from benchmarks import backup_arms, migration_arms
from benchmarks.arm import Measured
from benchmarks.backup_speed import table as backup_table
from benchmarks.migration_corpus import write_corpus
from benchmarks.migration_speed import table_with_log, table_without_log, without_log_copy_of

FLOOR = Measured(2.0, 20.0, {})
SAID = {"gate_seconds": 0.5, "index_ms": 300.0, "most_batch_ms": 50.0, "open_ms": 0.5, "most_changes": 0}
WATCHED = {"saves": 40, "most_waited_ms": 70.0, "most_waited_for_gate_ms": 400.0, "most_log_bytes": 2**20}
BEST = {
    "floor": FLOOR,
    "migrate": Measured(3.0, 90.0, SAID),
    "migrate_offline": Measured(2.5, 95.0, SAID),
    "migrate_watched": Measured(4.0, 90.0, WATCHED),
    "row_by_row": Measured(12.0, 100.0, {}),
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "turns.db"
    write_corpus(path, 40)
    return path


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
@pytest.mark.parametrize("arm", ["floor", "row_by_row", "migrate", "migrate_offline"])
def test_every_arm_fills_what_the_canonical_keys_name(corpus: Path, arm: str, journal_mode: str) -> None:
    path = corpus if journal_mode == "wal" else corpus.with_name("copy.db")
    if journal_mode == "delete":
        without_log_copy_of(corpus)(path)
    migration_arms.ARMS[arm](path)
    connection = apsw.Connection(str(path))
    filled = connection.execute("SELECT count(*) FROM turns WHERE inference_id <> ''").get
    found = connection.pragma("journal_mode")
    connection.close()
    assert (filled, found) == (30, journal_mode)


def test_the_migration_beside_another_writer_tells_what_that_one_waited(corpus: Path) -> None:
    said = migration_arms.ARMS["migrate_watched"](corpus)
    assert WATCHED.keys() <= said.keys()
    assert said["gate_seconds"] > 0


@pytest.mark.parametrize("arm", sorted(backup_arms.ARMS))
def test_every_part_of_a_backup_reads_the_file_and_changes_nothing(corpus: Path, arm: str) -> None:
    before = corpus.read_bytes()
    backup_arms.ARMS[arm](corpus)
    assert corpus.read_bytes() == before


def test_the_look_for_damage_stands_apart_and_the_rest_has_the_goal() -> None:
    rows = {what: rest for what, *rest in table_with_log(BEST)}
    assert rows["migrate without backup"][1:] == ["3.00 s", "1.50", ""]
    assert rows["of this the look for damage before the first write"][1] == "0.50 s"
    assert rows["and all the rest"][1:] == ["2.50 s", "1.25", "at most 1.25"]
    assert rows["the same, whole"][1:] == ["3.00 s", "4.0 times faster", "at least 4"]


def test_without_a_log_both_ways_stand_beside_the_floor() -> None:
    goals = [(ratio, goal) for what, _, _, ratio, goal in table_without_log(BEST) if what == "and all the rest"]
    assert goals == [("1.25", "at most 1.5"), ("1.00", "at most 1.25")]


def test_a_file_that_opening_changed_is_told() -> None:
    changed = BEST | {"migrate": Measured(3.0, 90.0, SAID | {"most_changes": 1})}
    assert "the file changed" in table_with_log(changed)[-1][2]


def test_the_parts_of_a_backup_stand_beside_the_copy() -> None:
    rows = backup_table({name: Measured(3.0 if name == "back_up" else 2.0, 20.0, {}) for name in backup_arms.ARMS})
    assert rows[1][1:] == ("3.00", "1.50", "at most 2.5")
