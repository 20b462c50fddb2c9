"""What a query reads is found through views, subqueries and common table expressions."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from audit.staging.demand.lineage import Lineage


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    made.execute("CREATE TABLE a (x INTEGER)")
    made.execute("CREATE TABLE b (x INTEGER)")
    made.execute("CREATE TABLE lonely (x INTEGER)")
    made.execute("CREATE VIEW v (k) AS WITH q AS (SELECT * FROM a) SELECT q.x FROM q JOIN b ON q.x = b.x")
    made.execute("CREATE VIEW w AS SELECT ' AS ' AS word, k FROM v")
    yield made
    made.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM w",
        "FROM w",
        'SELECT * FROM "W"',
        "WITH z AS (SELECT * FROM w) SELECT * FROM z",
        "SELECT (SELECT count(*) FROM w)",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM w) UNION ALL SELECT 2",
        "SELECT * FROM lonely JOIN w ON x = k",
    ],
)
def test_tables_are_found_through_views(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert {"w", "v", "a", "b"} <= Lineage(connection).tables_behind(sql)


def test_other_tables_are_not_named(connection: duckdb.DuckDBPyConnection) -> None:
    assert Lineage(connection).tables_behind("SELECT * FROM b") == {"b"}
    assert Lineage(connection).tables_behind("SELECT 'a' AS a FROM range(3)") == frozenset()


def test_a_text_that_is_no_query_reads_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    assert Lineage(connection).tables_behind("SELEC") == frozenset()
