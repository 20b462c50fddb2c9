"""A check across files finds the same rows in DuckDB and in Spark, damaged or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.checks.check import Check
from audit.fleet.roll_up import fleet_catalog
from support.audits.fleets import rolled_up

pytestmark = [
    pytest.mark.elsewhere,
    # pyspark leaves sockets for the garbage collector to close.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TABLES = ("tenants", "turn_keys", "conversation_keys")


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rolled_up(tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            sql.SparkSession.builder.master("local[1]")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "1")
            .getOrCreate()
        )
        yield session
        session.stop()


def in_both(session: Any, database: Path, check: Check, folder: Path) -> tuple[list[Any], list[Any]]:
    """The rows that a check finds in the tables, sorted."""
    with duckdb.connect(str(database)) as connection:
        for table in TABLES:
            connection.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
            session.read.parquet(f"{folder / table}.parquet").createOrReplaceTempView(table)
        ours = connection.execute(check.sql).fetchall()
    theirs = [tuple(row) for row in session.sql(check.sql).collect()]
    return sorted(ours, key=repr), sorted(theirs, key=repr)


@pytest.mark.parametrize("check", fleet_catalog().checks, ids=lambda check: check.name)
def test_a_check_across_files_finds_the_same_rows_in_both(
    session: Any, healthy: Path, check: Check, tmp_path: Path
) -> None:
    assert in_both(session, healthy, check, tmp_path) == ([], [])
    copy = tmp_path / "damaged.duckdb"
    copy.write_bytes(healthy.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute(check.breaks[0][1])
    (tmp_path / "damaged").mkdir()
    ours, theirs = in_both(session, copy, check, tmp_path / "damaged")
    assert ours == theirs
    assert ours
