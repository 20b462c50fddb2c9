"""The program that saves turns beside a migration tells how long it waited, and leaves turns that count."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import apsw
import pytest

from benchmarks.migration_corpus import write_corpus
from benchmarks.other_writer import OtherWriter, Wait, save_until_told


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "turns.db"
    write_corpus(path, 20)
    return path


def test_every_save_is_a_turn_and_the_log_is_seen(corpus: Path) -> None:
    with OtherWriter(corpus) as writer:
        began = time.perf_counter()
        while not _saved(corpus):
            time.sleep(0.005)
    assert len(writer.waits) == _saved(corpus)
    assert writer.log_bytes > 0
    assert writer.waits[0].at <= time.perf_counter()
    assert writer.longest_ms(began, time.perf_counter()) == max(each.waited_ms for each in writer.waits)


def test_what_is_told_at_once_ends_it_without_a_save(corpus: Path) -> None:
    told, telling = os.pipe()
    os.close(telling)
    with os.fdopen(told) as ended:
        assert save_until_told(corpus, ended) == ([], 0)
    assert not _saved(corpus)


def test_a_wait_counts_for_the_moments_it_overlaps() -> None:
    writer = OtherWriter(Path("unused.db"))
    writer.waits = [Wait(10.0, 500.0), Wait(12.0, 30.0)]
    assert writer.longest_ms(10.4, 11.0) == 500.0
    assert writer.longest_ms(10.6, 11.0) == 0.0
    assert writer.longest_ms(11.0, 13.0) == 30.0


def test_a_writer_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError, match="other_writer"), OtherWriter(tmp_path / "none.db"):
        pass


def _saved(path: Path) -> int:
    connection = apsw.Connection(str(path))
    try:
        return int(connection.execute("SELECT count(*) FROM turns WHERE conv_id = 'another'").get)
    finally:
        connection.close()
