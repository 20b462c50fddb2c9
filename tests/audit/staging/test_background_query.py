"""A query that runs beside others, and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb
import pytest

from audit.staging.background_query import BackgroundQuery

ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = -1"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def test_the_rows_come_when_they_are_asked_for(connection: duckdb.DuckDBPyConnection) -> None:
    with BackgroundQuery(connection, "SELECT unnest([1, 2])") as query:
        assert connection.execute("SELECT 3").fetchall() == [(3,)], "the connection itself stays free"
        assert query.finish() == [(1,), (2,)]


def test_an_unfinished_transaction_is_not_disturbed_by_a_query_that_fails(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("CREATE TABLE kept (x INTEGER)")
    connection.execute("BEGIN TRANSACTION")
    connection.execute("INSERT INTO kept VALUES (1)")
    with (
        BackgroundQuery(connection, "SELECT error('page 7 is damaged')") as query,
        pytest.raises(duckdb.Error, match="7"),
    ):
        query.finish()
    connection.execute("COMMIT")
    assert connection.execute("SELECT * FROM kept").fetchall() == [(1,)]


def test_whoever_leaves_early_leaves_no_query_behind(connection: duckdb.DuckDBPyConnection) -> None:
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), BackgroundQuery(connection, ENDLESS) as query:
        raise KeyboardInterrupt
    assert time.monotonic() - began < 60, "the query was interrupted, not waited for"
    with pytest.raises(duckdb.InterruptException):
        query.finish()
