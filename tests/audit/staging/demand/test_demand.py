"""What is staged is all that the checks of a run read, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest

from audit.checks.catalog import load_catalog
from audit.checks.check import Check
from audit.staging import native_tables
from audit.staging.demand.demand import EVERYTHING, demand_of
from audit.staging.demand.lineage import Lineage
from audit.staging.demand.view_texts import load_views


@pytest.fixture(scope="module")
def lineage() -> Iterator[Lineage]:
    """The second way to find out what is read: DuckDB's own parser."""
    with closing(duckdb.connect()) as connection:
        native_tables.create_tables(connection)
        native_tables.create_views(connection)
        yield Lineage(connection)


@pytest.mark.parametrize("check", load_catalog().checks, ids=lambda check: check.name)
def test_every_table_that_a_check_reads_is_in_demand(lineage: Lineage, check: Check) -> None:
    names = demand_of([check.sql]).names
    assert names is not None
    assert lineage.tables_behind(check.sql) <= names


def test_it_is_found_through_views() -> None:
    demand = demand_of(["SELECT conv_id FROM pointers"])
    assert demand.wants_table("conversations")
    assert demand.wants_table("snapshots")
    assert not demand.wants_table("storage_faults", "integrity_problems", "foreign_key_problems")


def test_a_name_counts_in_any_spelling() -> None:
    assert demand_of(['SELECT * FROM "Storage_Faults"']).wants_table("storage_faults")


def test_columns_are_in_demand_as_well() -> None:
    assert demand_of(["SELECT recomputed_hash FROM blocks"]).reads("recomputed_hash")
    assert not demand_of(["SELECT content_hash FROM blocks"]).reads("recomputed_hash")


def test_who_asks_what_cannot_be_read_wants_every_table_tried_but_no_hash_made() -> None:
    demand = demand_of(["FROM unreadable_tables"])
    assert demand.wants_table("blocks")
    assert not demand.reads("recomputed_hash", "pointers")


def test_without_a_demand_everything_is_there() -> None:
    assert EVERYTHING.reads("anything")
    assert EVERYTHING.wants_table("blocks")


def test_only_views_that_are_read_are_made() -> None:
    with closing(duckdb.connect()) as connection:
        native_tables.create_tables(connection)
        native_tables.create_views(connection, demand_of(["FROM attributions"]))
        made = {
            str(name)
            for (name,) in connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
            ).fetchall()
        }
    assert made & load_views().keys() == {"migration", "turn_evidence", "attributions"}
