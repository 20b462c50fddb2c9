"""The texts of the views are all there, and what they read is what DuckDB's own parser says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import duckdb
import pytest

from audit.checks.catalog import load_catalog
from audit.explanation.explanation import staged_tables
from audit.staging.demand.view_texts import VIEW_FOLDER, load_views, parse_views, relations_behind, sources
from audit.staging.native_tables import create_tables


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as made:
        yield made


def test_a_view_has_its_name_its_comment_and_its_query() -> None:
    commented = "-- One row a turn.\n--   place   1, 2, 3\nCREATE VIEW a AS\nSELECT ';' AS x,\n    1 AS y;\n"
    first, second = parse_views(commented + "\nCREATE TABLE b AS SELECT 2;\n")
    assert (first.name, first.kind, first.comment) == ("a", "VIEW", "One row a turn.\n  place   1, 2, 3")
    assert first.query == "SELECT ';' AS x,\n    1 AS y"
    assert (second.name, second.kind, second.comment, second.query) == ("b", "TABLE", "", "SELECT 2")


def test_no_view_is_overlooked() -> None:
    lines = [line for path in VIEW_FOLDER.glob("*.sql") for line in path.read_text().splitlines()]
    assert len(load_views()) == sum(line.startswith("CREATE ") for line in lines) > 20


def test_every_view_is_commented() -> None:
    assert [view.name for view in load_views().values() if not view.comment] == []


def test_what_a_query_reads_is_what_duckdb_says(connection: duckdb.DuckDBPyConnection) -> None:
    views = load_views()
    known = {*views, *staged_tables()}
    queries = [view.query for view in views.values()] + [check.sql for check in load_catalog().checks]
    for query in queries:
        row = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
        assert row is not None
        assert sources(query, known) == set(base_tables(json.loads(row[0]))) & known, query


def base_tables(tree: Any) -> Iterator[str]:
    """Every table named in a query, as DuckDB parses it."""
    if isinstance(tree, dict):
        if tree.get("type") == "BASE_TABLE":
            yield str(tree["table_name"])
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from base_tables(branch)


def test_the_tables_are_those_that_staging_creates(connection: duckdb.DuckDBPyConnection) -> None:
    create_tables(connection)
    created = {
        name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    }
    # The tables of the comparison with the baseline are made elsewhere.
    assert created == {name for name in staged_tables() if not name.startswith("preservation_")}


def test_relations_come_behind_what_they_read() -> None:
    queries = {"a": "", "b": "SELECT * FROM a", "c": "SELECT * FROM b JOIN a USING (x)", "d": "SELECT 1 FROM e"}
    assert relations_behind("SELECT 'FROM d' FROM c -- JOIN d", queries) == ["a", "b", "c"]


def test_a_comparison_with_a_column_reads_no_relation_of_its_name() -> None:
    assert sources("SELECT 1 FROM a WHERE x IS DISTINCT FROM b", {"a", "b"}) == {"a"}
