"""Each check runs once; every offending row is kept; what cannot be run is errored, and never passed or failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.checks.catalog import BrokenCheck, Catalog
from audit.checks.check import Check, Severity
from audit.checks.runner import Blocked, create_findings, run_checks, sorted_findings
from audit.errors import CheckFileError
from audit.results.records import CheckResult, Finding, Status

CHECK = Check(
    name="no_negative",
    suite="schema",
    title="No turn is negative",
    severity=Severity.WARNING,
    needs=("turns",),
    identity=("conv_id", "session_id", "turn_id"),
    scans="seen",
    remedy="Make it positive.",
    breaks=(),
    consequence_of=(),
    also_fails=(),
    sql="SELECT conv_id, session_id, turn_id, '>= 0' AS expected, n AS found FROM seen WHERE n < 0",
    path="expectations/schema/no_negative.sql",
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    made.execute("CREATE TABLE staged (conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR, n INTEGER)")
    made.execute("INSERT INTO staged SELECT 'c', 's', 't' || i, 5 - i FROM range(10) AS r(i)")
    made.execute("CREATE VIEW seen AS SELECT * FROM staged")
    create_findings(made)
    yield made
    made.close()


def run(connection: duckdb.DuckDBPyConnection, *checks: Check, blocked: Blocked | None = None) -> list[CheckResult]:
    return list(run_checks(connection, Catalog(checks), blocked or Blocked(), sample_size=3))


def test_a_check_without_rows_passes(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = run(connection, replace(CHECK, sql=CHECK.sql + " AND n > 100"))
    assert (result.status, result.findings, result.scanned, result.sample) == (Status.PASSED, 0, 10, ())


def test_a_check_with_rows_fails_and_names_them(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = run(connection, CHECK)
    assert (result.status, result.findings, result.scanned) == (Status.FAILED, 4, 10)
    assert result.sample[0] == Finding(
        check="no_negative",
        severity="warning",
        conv_id="c",
        session_id="s",
        turn_id="t6",
        table="turns",
        expected=">= 0",
        found="-1",
    )
    assert len(result.sample) == 3, "the sample is capped"
    assert [finding.turn_id for finding in sorted_findings(connection)] == ["t6", "t7", "t8", "t9"]


def test_a_result_carries_what_the_report_needs(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = run(connection, CHECK)
    assert (result.title, result.remedy, result.suite) == (CHECK.title, CHECK.remedy, "schema")
    assert (result.sql, result.sql_sha256) == (CHECK.sql, CHECK.sql_sha256)
    assert result.duration_ms > 0


def test_a_missing_input_skips_with_its_reason(connection: duckdb.DuckDBPyConnection) -> None:
    needy = replace(CHECK, needs=("turns", "timeline", "baseline"), sql="SELECT nonsense")
    (result,) = run(connection, needy, blocked=Blocked(missing={"timeline": "no timeline", "registry": "no registry"}))
    assert (result.status, result.skip_reason, result.error) == (Status.SKIPPED, "no timeline", "")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC conv_id", "syntax error"),
        ("SELECT conv_id, session_id, turn_id FROM no_such_view", "no_such_view"),
        ("SELECT conv_id, session_id, turn_id FROM seen WHERE error('half way') IS NULL", "half way"),
        ("SELECT conv_id, session_id, turn_id, CAST(conv_id AS INTEGER) AS found FROM seen", "convert"),
        ("SELECT conv_id, session_id FROM seen", "no column turn_id"),
        ("SELECT *, 1 AS expcted FROM (SELECT conv_id, session_id, turn_id FROM seen)", "expcted"),
        ("SELECT 1; SELECT 2", "one SELECT"),
        ("DROP TABLE staged", "one SELECT"),
        ("DELETE FROM staged", "one SELECT"),
        ("COPY staged TO 'out.csv'", "one SELECT"),
        ("PRAGMA version", "no column conv_id"),
    ],
)
def test_a_broken_query_is_errored_with_its_file_and_the_others_run(
    connection: duckdb.DuckDBPyConnection, sql: str, message: str
) -> None:
    broken, good = run(connection, replace(CHECK, name="broken", sql=sql), CHECK)
    assert broken.status is Status.ERRORED
    assert broken.error.startswith("expectations/schema/no_negative.sql")
    assert message.lower() in broken.error.lower()
    assert (broken.findings, broken.sample) == (0, ())
    assert good.findings == 4
    assert {finding.check for finding in sorted_findings(connection)} == {"no_negative"}


def test_an_unknown_view_in_scans_is_errored_and_leaves_no_findings(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = run(connection, replace(CHECK, scans="no_such_view"))
    assert result.status is Status.ERRORED
    assert list(sorted_findings(connection)) == []


@pytest.mark.parametrize("suffix", ["", ";", " -- a comment", " -- a comment ;\n;\n", "\n/* more */ ;"])
def test_the_end_of_a_query_may_be_written_in_any_way(connection: duckdb.DuckDBPyConnection, suffix: str) -> None:
    (result,) = run(connection, replace(CHECK, sql=CHECK.sql + suffix))
    assert (result.status, result.findings, result.error) == (Status.FAILED, 4, "")


def test_a_query_may_begin_with_with_and_use_quotes(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "WITH bad AS (FROM seen WHERE n < 0) SELECT conv_id, session_id, turn_id, 'it''s; -- x' AS found FROM bad"
    (result,) = run(connection, replace(CHECK, sql=sql))
    assert (result.findings, result.sample[0].found) == (4, "it's; -- x")


def test_a_check_that_reads_an_unusable_table_is_errored_through_its_views(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("CREATE TABLE other (conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR)")
    unrelated = replace(CHECK, name="unrelated", scans="other", sql="SELECT * FROM other")
    reading, free = run(connection, CHECK, unrelated, blocked=Blocked(unusable={"staged": "the child died"}))
    assert (reading.status, free.status) == (Status.ERRORED, Status.PASSED)
    assert "the child died" in reading.error


def test_an_empty_unusable_table_does_not_pass_either(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM staged")
    (result,) = run(connection, CHECK, blocked=Blocked(unusable={"staged": "the child died"}))
    assert result.status is Status.ERRORED


def test_a_broken_file_is_errored_and_critical() -> None:
    connection = duckdb.connect()
    create_findings(connection)
    broken = BrokenCheck("lost", "schema", CheckFileError("expectations/schema/lost.sql", 4, "unknown severity"))
    (result,) = run_checks(connection, Catalog((), (broken,)), Blocked(), sample_size=1)
    connection.close()
    assert (result.status, result.severity) == (Status.ERRORED, "critical")
    assert result.error == "expectations/schema/lost.sql:4: unknown severity"


def test_other_identity_columns_go_into_the_key_as_json(connection: duckdb.DuckDBPyConnection) -> None:
    keyed = replace(
        CHECK,
        identity=("conv_id", "block_id", "ordinal"),
        sql="SELECT conv_id, 'b\"1' AS block_id, n AS ordinal, 'blocks' AS found_table, 'role' AS found_column"
        " FROM seen WHERE n = -1",
    )
    (result,) = run(connection, keyed)
    (finding,) = result.sample
    assert json.loads(finding.key) == {"block_id": 'b"1', "ordinal": -1}
    assert (finding.conv_id, finding.turn_id, finding.table, finding.column) == ("c", "", "blocks", "role")


def test_a_row_key_alone_is_the_key_as_it_is(connection: duckdb.DuckDBPyConnection) -> None:
    sql = """SELECT '{"entity_id": "e"}' AS row_key FROM seen LIMIT 1"""
    (result,) = run(connection, replace(CHECK, identity=("row_key",), sql=sql))
    assert json.loads(result.sample[0].key) == {"entity_id": "e"}


def test_null_becomes_an_empty_text(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT NULL AS conv_id, session_id, turn_id, NULL AS expected, NULL AS found FROM seen WHERE n = 0"
    (result,) = run(connection, replace(CHECK, sql=sql))
    assert (result.sample[0].conv_id, result.sample[0].expected, result.sample[0].found) == ("", "", "")


def test_a_huge_value_is_cut_in_the_sample_and_whole_in_the_findings(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT conv_id, session_id, turn_id, repeat('x', 1000000) AS found FROM seen WHERE n = 0"
    (result,) = run(connection, replace(CHECK, sql=sql))
    assert len(result.sample[0].found) < 3000
    assert result.sample[0].found[2000:].startswith("… (1,000,000 characters in all, SHA-256 ")
    assert len(next(sorted_findings(connection)).found) == 1_000_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=20))
def test_all_findings_come_out_whole_and_sorted(values: list[str]) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE seen (conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR, found VARCHAR)")
    connection.executemany("INSERT INTO seen VALUES ('c', 's', ?, ?)", [[value, value] for value in values])
    create_findings(connection)
    catalog = Catalog((replace(CHECK, sql="SELECT * FROM seen"),))
    (result,) = run_checks(connection, catalog, Blocked(), sample_size=5)
    found = [finding.turn_id for finding in sorted_findings(connection)]
    connection.close()
    assert found == sorted(values, key=str.encode)
    assert result.findings == len(values)
    assert [finding.turn_id for finding in result.sample] == found[:5]


def test_many_findings_are_streamed(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO staged SELECT 'c', 's', 'u' || i, -1 FROM range(25000) AS r(i)")
    (result,) = run(connection, CHECK)
    assert result.findings == 25_004
    assert sum(1 for _ in sorted_findings(connection)) == 25_004
