"""Each check file proves itself: it holds on clean files; its own ``breaks`` is caught, named exactly, and alone."""

from __future__ import annotations

import pytest

from audit.checks.catalog import load_catalog
from audit.checks.check import Check
from audit.trial.damage import Comparison, compare, damaged_rows
from support.audits.check_laboratory import SUITES, Laboratory, Outcome
from support.audits.consequences import SHOWN_BY_FAULTS, shown_elsewhere

NAMES = [check.name for check in load_catalog().checks if check.suite in SUITES]
# There are two files and one ledger.
ONE_WHATEVER_THE_NUMBER = {"files_belong_together", "ledger_has_run"}


def test_the_catalogue_can_be_read() -> None:
    assert not load_catalog().broken
    assert len(NAMES) > 50


def test_no_check_finds_fault_with_clean_files(clean_outcome: Outcome) -> None:
    assert {name: clean_outcome.found[name] for name in clean_outcome.failed()} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_check_looks_at_something(name: str, clean_outcome: Outcome) -> None:
    assert clean_outcome.scanned[name] > 0


@pytest.mark.parametrize("name", NAMES)
def test_what_breaks_a_check_is_named_exactly_and_by_no_other(name: str, laboratory: Laboratory) -> None:
    check = laboratory.check(name)
    folder = laboratory.breaking(check.breaks)
    damaged = damaged_rows(laboratory.clean, folder)
    assert damaged, "the statement changed nothing"
    given = {"timeline", *check.needs} - {"turns", "cutover", "ledger"}
    outcome = laboratory.audit(folder, given=given)
    assert outcome.found[name], "the check did not notice"
    assert compare(check, damaged, outcome.found[name]) == Comparison((), ())
    answering = set(laboratory.catalog.consequences(name))
    assert outcome.failed() - {name} <= answering, f"these answer too, and do not say: consequence_of: {name}"
    shown = answering - shown_elsewhere(name)
    assert shown <= outcome.failed(), f"these say consequence_of: {name}, and do not fail"


def test_what_is_shown_by_faults_is_declared_and_nothing_twice() -> None:
    catalog = load_catalog()
    pairs = [pair for shown in SHOWN_BY_FAULTS.values() for pair in shown]

    assert [pair for pair in pairs if pair[0] not in catalog.consequences(pair[1])] == []
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("check", load_catalog().checks, ids=lambda check: check.name)
def test_every_check_says_what_is_wrong_when_it_fails(check: Check) -> None:
    assert check.failure is not None
    assert check.failure.told(1) != check.failure.told(2) or check.name in ONE_WHATEVER_THE_NUMBER
    assert "{n}" not in check.failure.told(1234)


def test_an_object_of_a_type_that_sqlite_does_not_know_is_damage(laboratory: Laboratory) -> None:
    """SQLite takes an index of its own by its name, and its integrity check finds the file sound."""
    change = "UPDATE sqlite_schema SET type = 'i?dex' WHERE name = 'sqlite_autoindex_turns_1'"
    folder = laboratory.breaking([("turns", "PRAGMA writable_schema = ON"), ("turns", change)])
    (problem,) = laboratory.audit(folder).found["database_intact"]
    assert problem["problem"] == "sqlite_schema: 'sqlite_autoindex_turns_1' is of the unknown type 'i?dex'"
