"""A check with a mistake is another query that still runs, and the change is told in SQL."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from audit.checks.catalog import load_catalog
from audit.checks.check import Check
from benchmarks.detection.mutants.mutation import mutants_of

CHECK = load_catalog().checks[0]


def changes(sql: str) -> dict[str, str]:
    """Each change of a query, with what comes out."""
    return {mutant.change: mutant.sql for mutant in mutants_of(replace(CHECK, sql=sql))}


def test_a_comparison_is_turned_round_and_moved_by_one() -> None:
    found = changes("SELECT a FROM t WHERE a < 1")
    assert {change.split(" in ")[0] for change in found} == {">=", "<="}
    assert found["<= in (a < 1)"] == "SELECT a FROM t WHERE (a <= 1)"


def test_each_condition_is_left_out_and_and_taken_for_or() -> None:
    found = changes("SELECT a FROM t WHERE a = 1 AND b = 2 AND NOT c")
    assert found["without (b = 2)"] == "SELECT a FROM t WHERE ((a = 1) AND (NOT c))"
    assert found["without NOT before c"] == "SELECT a FROM t WHERE ((a = 1) AND (b = 2) AND c)"
    assert "OR in ((a = 1) AND (b = 2) AND (NOT c))" in found


def test_a_condition_of_two_leaves_the_other_one_alone() -> None:
    assert changes("SELECT a FROM t WHERE a = 1 OR b IS NULL")["without (a = 1)"] == "SELECT a FROM t WHERE (b IS NULL)"


def test_a_word_of_a_list_and_a_part_of_a_union_are_forgotten() -> None:
    assert changes("SELECT a FROM t WHERE a IN (1, 2)")["without 1 in its list"].endswith("(a IN (2))")
    found = changes("SELECT a FROM t UNION ALL SELECT b FROM u")
    assert found == {
        "a union without its second part": "SELECT a FROM t",
        "a union without its first part": "SELECT b FROM u",
    }


def test_what_is_no_condition_has_no_mutant() -> None:
    assert changes("SELECT a, 'x' AS found FROM t") == {}


@pytest.mark.parametrize("check", load_catalog().checks, ids=[check.name for check in load_catalog().checks])
def test_mutants_of_every_check_are_single_queries_that_differ(check: Check) -> None:
    mutants = mutants_of(check)
    assert len({mutant.sql for mutant in mutants}) == len(mutants)
    for mutant in mutants:
        (statement,) = duckdb.extract_statements(mutant.sql)
        assert statement.type == duckdb.StatementType.SELECT
