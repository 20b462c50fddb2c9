"""The checks across files find what they are for, on the rows that were kept, and nothing on a healthy fleet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.checks.runner import Blocked, run_checks
from audit.fleet.roll_up import fleet_catalog
from audit.results.records import CheckResult, Status
from support.audits.fleets import rolled_up

CHECKS = fleet_catalog().checks


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rolled_up(tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def connection(healthy: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    copy = tmp_path / "rolled.duckdb"
    copy.write_bytes(healthy.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        yield connection


def run(connection: duckdb.DuckDBPyConnection) -> dict[str, CheckResult]:
    connection.execute("DELETE FROM findings")
    return {each.check: each for each in run_checks(connection, Catalog(CHECKS), Blocked(), sample_size=50)}


def test_a_healthy_fleet_has_no_finding_and_every_check_looks_at_something(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = run(connection)
    assert {name: each.error or each.findings for name, each in found.items()} == dict.fromkeys(found, 0)
    assert all(each.scanned > 0 for each in found.values())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_finds_what_its_header_says_that_it_finds(connection: duckdb.DuckDBPyConnection, check: Check) -> None:
    ((_, statement),) = check.breaks
    connection.execute(statement)
    found = run(connection)
    failed = {name for name, each in found.items() if each.status is Status.FAILED}
    assert check.name in failed
    allowed = {each.name for each in CHECKS if check.name in each.consequence_of} | {check.name}
    assert failed <= allowed, "others fail that are declared as no consequence"
    assert '"tenant"' in found[check.name].sample[0].key


def test_shards_of_one_store_may_share_conversations_but_no_turn(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "UPDATE turn_keys SET conv_id = (SELECT min(conv_id) FROM turn_keys WHERE tenant = 'acme')"
        " WHERE tenant = 'brook'"
    )
    allowed = {"store_pointer_agrees", "store_conversation_has_turns", "store_conversation_recorded"}
    assert {name for name, each in run(connection).items() if each.findings} <= allowed


def test_every_fleet_check_says_what_is_wrong_in_numbers() -> None:
    for check in CHECKS:
        assert check.failure is not None, check.name
        assert "{n}" in check.failure.many
        assert not re.search(r"\bturntruth\b", check.title)
