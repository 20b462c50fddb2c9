"""Each check file proves itself: it holds on clean files; its own ``breaks`` is caught, named exactly, and alone."""

from __future__ import annotations

import pytest

from audit.checks.catalog import load_catalog
from audit.checks.check import Check
from support.audits.check_laboratory import SUITES, Laboratory, Outcome, Row, damaged_rows
from support.audits.consequences import SHOWN_BY_FAULTS, shown_elsewhere

NAMES = [check.name for check in load_catalog().checks if check.suite in SUITES]
# What a column of a table is called where a check names it.
VIEW_NAMES = {"snapshot_created_at_ms": "snapshot_ms"}
# Said in SQLite's own words, or of the one migration of the file.
IN_OTHER_WORDS = {"problem", "migration_id", "unit"}
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
    assert unexpected(check, damaged, outcome.found[name]) == []
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


def unexpected(check: Check, damaged: list[Row], found: list[dict[str, str]]) -> list[dict[str, str]]:
    """Identities that are named but not damaged, or damaged but not named.

    Where a check identifies rows of a table, the two sets have to be equal. Where it identifies something else (a
    column, a file, a step), each part of the identity must at least be one that the statements speak of.
    """
    rows = [{VIEW_NAMES.get(column, column): str(value) for column, value in row.items()} for row in damaged]
    rows = [row for row in rows if all(column in row for column in check.identity)]
    if rows:
        wanted = {tuple(row[column] for column in check.identity) for row in rows}
        named = {tuple(identity[column] for column in check.identity) for identity in found}
        return [dict(zip(check.identity, identity, strict=True)) for identity in wanted ^ named]
    spoken_of = " ".join(part for statement in check.breaks for part in statement)
    values = {str(value) for row in damaged for value in row.values()}
    return [
        identity
        for identity in found
        if not all(
            column in IN_OTHER_WORDS or value in spoken_of or value in values for column, value in identity.items()
        )
    ]


def test_an_object_of_a_type_that_sqlite_does_not_know_is_damage(laboratory: Laboratory) -> None:
    """SQLite takes an index of its own by its name, and its integrity check finds the file sound."""
    change = "UPDATE sqlite_schema SET type = 'i?dex' WHERE name = 'sqlite_autoindex_turns_1'"
    folder = laboratory.breaking([("turns", "PRAGMA writable_schema = ON"), ("turns", change)])
    (problem,) = laboratory.audit(folder).found["database_intact"]
    assert problem["problem"] == "sqlite_schema: 'sqlite_autoindex_turns_1' is of the unknown type 'i?dex'"
