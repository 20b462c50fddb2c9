"""Accepted findings: named by exact values, until a day, and told when they name nothing any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from audit.checks.runner import FINDING_COLUMNS, create_findings, sample_findings
from audit.policy.acceptance import AcceptanceRule, accept, accepted_by_check, describe_states
from audit.results.records import AcceptanceState

UNTIL = date(2026, 6, 30)


def a_rule(check: str = "no_bad", until: date = UNTIL, **where: str) -> AcceptanceRule:
    return AcceptanceRule(check, "known since May", "Ada", until, where)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Four findings of one check and one of another."""
    made = duckdb.connect()
    create_findings(made)
    rows = [("no_bad", "c", "s", f"t{n}") for n in range(4)] + [("other", "c", "s", "t0")]
    for check, *ids in rows:
        values = [check, "critical", *ids, "turns", "", "runtime_key", "", "x'y"]
        made.execute(
            f"INSERT INTO findings ({', '.join(chr(34) + name + chr(34) for name in FINDING_COLUMNS)})"
            f" VALUES ({', '.join('?' * len(values))})",
            values,
        )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("where", "findings"),
    [
        ({}, 4),
        ({"turn_id": "t1"}, 1),
        ({"conv_id": "c", "column": "runtime_key", "found": "x'y"}, 4),
        ({"turn_id": "t%"}, 0),
        ({"turn_id": "T1"}, 0),
        ({"key": ""}, 4),
    ],
)
def test_rows_are_named_by_exact_values(
    connection: duckdb.DuckDBPyConnection, where: dict[str, str], findings: int
) -> None:
    (told,) = accept(connection, [AcceptanceRule("no_bad", "known", "Ada", UNTIL, where)], UNTIL)
    assert told.findings == findings
    assert accepted_by_check(connection) == ({"no_bad": findings} if findings else {})


@pytest.mark.parametrize(
    ("today", "state", "counted"),
    [
        (UNTIL, AcceptanceState.ACTIVE, 4),
        (UNTIL + timedelta(days=1), AcceptanceState.EXPIRED, 0),
        (date(1999, 1, 1), AcceptanceState.ACTIVE, 4),
    ],
)
def test_an_acceptance_holds_to_the_end_of_its_day(
    connection: duckdb.DuckDBPyConnection, today: date, state: AcceptanceState, counted: int
) -> None:
    (told,) = accept(connection, [a_rule()], today)
    assert (told.state, told.findings) == (state, 4)
    assert accepted_by_check(connection).get("no_bad", 0) == counted


def test_a_row_that_two_rules_name_is_counted_once(connection: duckdb.DuckDBPyConnection) -> None:
    told = accept(connection, [a_rule(turn_id="t1"), a_rule()], UNTIL)
    assert [each.findings for each in told] == [1, 4]
    assert accepted_by_check(connection) == {"no_bad": 4}


def test_accepted_rows_come_last_in_the_sample(connection: duckdb.DuckDBPyConnection) -> None:
    accept(connection, [a_rule(turn_id="t0"), a_rule(turn_id="t2")], UNTIL)
    assert [finding.turn_id for finding in sample_findings(connection, "no_bad", 10)] == ["t1", "t3", "t0", "t2"]


def test_what_should_be_looked_at_is_told(connection: duckdb.DuckDBPyConnection) -> None:
    yesterday = UNTIL - timedelta(days=1)
    rules = [a_rule(turn_id="t0"), a_rule(turn_id="t9"), a_rule(until=yesterday), a_rule("gone", until=yesterday)]
    unused, expired, expired_unused = describe_states(accept(connection, rules, UNTIL))
    assert "turn_id = 't9'" in unused
    assert "names no finding" in unused
    assert "expired after 2026-06-29; its 4 findings count again" in expired
    assert "expired after 2026-06-29; it names no finding" in expired_unused
