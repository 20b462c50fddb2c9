"""What is written of compared files: the same outputs as of audited ones, whatever tables and columns are called."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser

import audit.great_expectations.validation  # noqa: F401  loaded once: a process for each of these runs would load it
from audit.contract.claim_names import claim_name, default_name, rows_name
from audit.fleet.fleet_result import FleetResult
from audit.fleet.manifest import FleetFile
from audit.fleet.pairs.broken_claims import told_of_many
from audit.fleet.report.fleet_outputs import FORMS, fleet_output
from audit.fleet.report.fleet_page import render_fleet
from audit.results.records import Status, Verdict
from benchmarks.pages.standards import barriers, html_errors
from support.audits.fleets import run_fleet
from support.audits.sarif_format import faults_of
from support.files.pair_files import make_file
from support.files.pair_fleet import make_pair_fleet

HOSTILE = "<script>alert(1)</script>"
ODD_CONTRACT = f"""\
[rows."{HOSTILE}"]
[rows."{HOSTILE}".columns]
rows = "rows"
"\\"it's . odd\\"" = "lower(rows)"
[rows.Words.columns]
rows = "rows"
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> FleetResult:
    root = tmp_path_factory.mktemp("fleet")
    return run_fleet(root / "out", make_pair_fleet(root / "tenants", healthy=1))


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> FleetResult:
    """One pair whose names are nobody's idea of a name; a row of either table is damaged."""
    root = tmp_path_factory.mktemp("odd")
    tables = (HOSTILE, "words")
    before = make_file(
        root / "before.db",
        *(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, rows, "it\'s . odd")' for name in tables),
        *(f"INSERT INTO \"{name}\" VALUES (1, 'A', 'a'), (2, 'B', 'b')" for name in tables),
    )
    after = Path(shutil.copyfile(before, root / "after.db"))
    make_file(after, f"UPDATE \"{HOSTILE}\" SET rows = 'C' WHERE id = 1", "UPDATE words SET rows = 'C' WHERE id = 1")
    make_file(after, f'UPDATE "{HOSTILE}" SET "it\'s . odd" = \'x\'', f'DELETE FROM "{HOSTILE}" WHERE id = 2')
    (root / "odd.toml").write_text(ODD_CONTRACT)
    pair = FleetFile(1, HOSTILE, str(after), before=str(before), contract=str(root / "odd.toml"))
    return run_fleet(root / "out", [pair])


def test_no_two_claims_share_a_name() -> None:
    names = [
        rows_name("a"), rows_name("a.rows"), claim_name("a", "rows"), claim_name("a", "b"), claim_name("a.b", "c"),
        claim_name("a", "b.c"), claim_name('a"', "b"), default_name("a.b"), rows_name("not_admitted"),
        claim_name("not_admitted", "lost"), "not_admitted.lost",
    ]  # fmt: skip
    assert len(set(names)) == len(names)


def test_whatever_tables_are_called_each_claim_is_judged(odd: FleetResult) -> None:
    (row,) = odd.tenants
    assert row.verdict is Verdict.FAILED
    assert dict(row.failed) == {
        f'"{HOSTILE}".rows': 1, f'"{HOSTILE}"."rows"': 1, f'"{HOSTILE}"."it\'s . odd"': 1, 'Words."rows"': 1,
        "not_admitted.changed": 1,
    }  # fmt: skip
    assert {check.status for check in odd.total.checks if check.check in row.failed} == {Status.FAILED}
    assert not row.errored


def test_junit_has_a_case_a_tenant_and_claim(result: FleetResult) -> None:
    root = ET.fromstring("".join(fleet_output(result, "junit")))
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {row.tenant for row in result.tenants}
    for row in result.tenants:
        assert {case.get("name") for case in suites[row.tenant]} == set(row.claims)
        failed = {case.get("name") for case in suites[row.tenant] if case.find("failure") is not None}
        assert failed == set(row.failed)
    failure = suites["lost-notes"].find("testcase[@name='notes.rows']/failure")
    assert failure is not None
    assert failure.get("message") == "critical: notes.rows: 2 missing"


def test_the_table_names_what_each_file_was_compared_with(result: FleetResult) -> None:
    lines = list(csv.DictReader(io.StringIO("".join(fleet_output(result, "csv")), newline="")))
    assert [(line["before"], line["contract"]) for line in lines] == [
        (row.before, row.contract) for row in result.tenants
    ]
    assert lines[1]["cause"] == "notes.rows: 2 missing"


def test_sarif_has_a_rule_a_claim(result: FleetResult, odd: FleetResult) -> None:
    for each in (result, odd):
        log = json.loads("".join(fleet_output(each, "sarif")))
        assert faults_of(log) == []
        rules = log["runs"][0]["tool"]["driver"]["rules"]
        assert {rule["id"] for rule in rules} == {name for row in each.tenants for name in row.claims}
        assert len(log["runs"][0]["results"]) == sum(sum(row.failed.values()) for row in each.tenants)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_no_word_of_turns(form: str, result: FleetResult) -> None:
    text = "".join(fleet_output(result, form))
    assert "not_admitted.lost" in text or "lost-owner" in text
    assert not [words for words in ("0 turns", "known of", ">Turns<", ">Known<") if words in text]


def test_the_page_keeps_to_the_rules_and_nothing_of_a_file_becomes_markup(
    result: FleetResult, odd: FleetResult, browser: Browser, tmp_path: Path
) -> None:
    for name, each in {"plain": result, "odd": odd}.items():
        page = render_fleet(each)
        assert html_errors(page) == [], name
        assert "alert(1)</script>" not in page
        path = tmp_path / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.goto(path.as_uri())
        assert barriers(opened) == [], name
        opened.close()


def test_what_is_wrong_with_several_tenants_is_told_in_one_sentence() -> None:
    assert told_of_many("notes.rows", 3) == "notes.rows: 3 findings against the contract"
    assert told_of_many("not_admitted.lost", 1) == "lost, and no contract admits it: 1 finding"
