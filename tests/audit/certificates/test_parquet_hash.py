"""What a Parquet file says, whatever its order and encoding."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import duckdb
import pytest

from audit.certificates import parquet_hash
from audit.certificates.parquet_hash import TableHash, examine_parquet, hash_in_child, hash_parquet

ROWS = [("a", 1), ("b\N{LATIN SMALL LETTER E WITH ACUTE}", None), ("b", 3)]


def write(path: Path, rows: list[tuple[str, int | None]], compression: str = "zstd") -> Path:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (name VARCHAR, number BIGINT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet, COMPRESSION {compression})")
    return path


def test_it_is_the_sum_of_the_hashes_of_compact_json(tmp_path: Path) -> None:
    texts = ['["a",1]', '["b\N{LATIN SMALL LETTER E WITH ACUTE}",null]', '["b",3]']
    total = sum(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") for text in texts) % 2**256
    path = write(tmp_path / "rows.parquet", ROWS)
    assert hash_parquet(str(path), ["name", "number"]) == TableHash(3, f"{total:064x}")


def test_order_and_encoding_say_nothing(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.parquet", ROWS), write(tmp_path / "other.parquet", ROWS[::-1], "snappy")
    assert hash_parquet(str(one), ["number", "name"]) == hash_parquet(str(other), ["number", "name"])
    assert one.read_bytes() != other.read_bytes()


def test_another_cell_is_another_hash_of_its_column_only(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.parquet", ROWS), write(tmp_path / "other.parquet", [*ROWS[:2], ("b", 4)])
    assert hash_parquet(str(one), ["name", "number"]) != hash_parquet(str(other), ["name", "number"])
    assert hash_parquet(str(one), ["name"]) == hash_parquet(str(other), ["name"])


def test_a_name_with_signs_of_a_pattern_is_that_file_only(tmp_path: Path) -> None:
    write(tmp_path / "rows1.parquet", ROWS)
    path = write(tmp_path / "rows[1]*.parquet", ROWS[:1])
    assert hash_parquet(str(path), ["name"]).rows == 1


def test_a_child_reads_several_files_and_tells_each_problem(tmp_path: Path) -> None:
    good, pipe = write(tmp_path / "good.parquet", ROWS), tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "text").write_text("PAR1" * 100)
    told = hash_in_child(
        [
            (pipe, ["name"]),
            (tmp_path / "absent", ["name"]),
            (tmp_path / "text", ["name"]),
            (good, ["absent"]),
            (good, ["name", "number"]),
        ]
    )
    assert told[:2] == [
        TableHash(problem="it is a pipe, no regular file"),
        TableHash(problem="No such file or directory"),
    ]
    assert told[2].problem
    assert "absent" in told[3].problem
    assert told[4] == hash_parquet(str(good), ["name", "number"])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\xff" * 1000])
def test_what_is_no_parquet_file_is_a_problem(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rows.parquet").write_bytes(content)
    assert examine_parquet(str(tmp_path / "rows.parquet"), ["name"]).problem


def test_a_child_that_died_knows_nothing_of_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_hash, "MODULE", "audit.absent")
    told = hash_in_child([(tmp_path, ["name"])] * 2)
    assert [("audit.absent ended with exit code 1" in each.problem, each.rows) for each in told] == [(True, 0)] * 2
