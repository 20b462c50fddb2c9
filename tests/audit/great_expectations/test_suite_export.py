"""Whoever runs the exported suite learns what our audit would have told her of the same file, or what it left out."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit.checks.catalog import Catalog, load_catalog
from audit.checks.check import Check, Severity
from audit.cli import build_app, run
from audit.demo.corpus import write_corpus
from audit.errors import CheckFileError
from audit.great_expectations.export import LIMITS, SuiteExport, export_checks, suite_document, with_gate
from audit.great_expectations.sqlite_statements import BEYOND_SQL, OTHER_INPUTS
from audit.great_expectations.suite_files import json_text
from audit.trial.damage import DamageError
from audit.trial.sample import SHAPE
from store.migration import migrate
from support.audits.check_laboratory import Laboratory
from support.processes.stock_run import stock_run

Identities = list[tuple[str, ...]]

CATALOG = load_catalog()
EXPORT = export_checks(CATALOG)
EXPORTED = [each.check.name for each in EXPORT.exported]
# Without one of the declared columns or tables a query of the suite raises instead of failing, as it says of itself.
SHAPE_BREAKERS = {"attribution_columns_exist"}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    folder = tmp_path_factory.mktemp("clean")
    migrate(write_corpus(folder, SHAPE).turns)
    return Laboratory(folder, tmp_path_factory.mktemp("broken"), Catalog(tuple(each.check for each in EXPORT.exported)))


def found_by_sqlite(turns: Path, export: SuiteExport) -> dict[str, Identities]:
    """The identities that each exported statement returns, run by Python's own SQLite."""
    found: dict[str, Identities] = {}
    with closing(sqlite3.connect(f"file:{turns}?mode=ro", uri=True)) as connection:
        for each in export.exported:
            rows = connection.execute(each.sql)
            columns = [column[0] for column in rows.description]
            found[each.check.name] = sorted(
                tuple(str(dict(zip(columns, row, strict=True))[name]) for name in each.check.identity) for row in rows
            )
    return found


def found_by_audit(laboratory: Laboratory, folder: Path) -> dict[str, Identities]:
    outcome = laboratory.audit(folder, given=())
    return {name: sorted(tuple(row.values()) for row in rows) for name, rows in outcome.found.items()}


def differing(one: dict[str, Identities], other: dict[str, Identities]) -> dict[str, tuple[Identities, Identities]]:
    """What two ways say of the checks that both could run; the audit skips some where the export finds nothing."""
    return {name: (one[name], other.get(name, [])) for name in one if one[name] != other.get(name, [])}


def test_a_clean_file_is_clean_for_both(laboratory: Laboratory) -> None:
    found = found_by_sqlite(laboratory.clean / "turns.db", EXPORT)
    assert differing(found, found_by_audit(laboratory, laboratory.clean)) == {}
    assert not any(found.values())


BREAKABLE = [name for name in EXPORTED if name not in SHAPE_BREAKERS]
AT_ONCE = 8


@pytest.mark.parametrize("names", [BREAKABLE[n : n + AT_ONCE] for n in range(0, len(BREAKABLE), AT_ONCE)], ids=" ".join)
def test_what_breaks_checks_is_named_the_same_by_both(names: list[str], laboratory: Laboratory) -> None:
    """Several kinds of damage in one file; those that hide each other are tried alone."""
    seen = compared(names, laboratory)
    hidden = set(names) - seen
    assert {name for name in hidden if name in compared([name], laboratory)} == hidden


def compared(names: list[str], laboratory: Laboratory) -> set[str]:
    """Which of the checks find the damage that breaks them; none if the kinds of damage cannot be done together."""
    damage = [each for name in names for each in laboratory.check(name).breaks if each[0] == "turns"]
    try:
        folder = laboratory.breaking(damage)
    except DamageError:
        return set()
    found = found_by_sqlite(folder / "turns.db", EXPORT)
    assert differing(found, found_by_audit(laboratory, folder)) == {}
    return {name for name in names if found[name]}


@pytest.mark.parametrize(
    ("sample", "ledger"),
    [("pre_small_turns.db", True), ("gp26_native_turns.db", False), ("drift_downgrade_turns.db", False)],
)
def test_real_files_with_odd_metadata_are_read_the_same(
    sample: str, ledger: bool, sample_copy: Callable[[str], Path], laboratory: Laboratory, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    turns = sample_copy(sample).rename(folder / "turns.db")
    if ledger:
        migrate(turns)
    found = found_by_sqlite(turns, EXPORT if ledger else export_checks(CATALOG, ledger=False))
    assert differing(found, found_by_audit(laboratory, folder)) == {}
    assert any(found.values())


SPELLINGS = {
    '{"geppetto.runtime@v1": " spaced\\u00a0", "runtime": "other"}': "spaced",
    '{"geppetto.runtime@v1": {"key": "later", "runtime_key": {"slug": "deep"}}}': "deep",
    '{"geppetto.runtime@v1": {"runtime_key": " ", "profile": {"profile.slug": "dotted"}}}': "dotted",
    '{"geppetto.runtime@v1": 7, "runtime": ["no"], "runtime_key": "alias"}': "alias",
    '{"runtime": "first", "runtime": "last"}': "last",
    '{"runtime": "first", "runtime": ""}': "",
    '["geppetto.runtime@v1"]': "",
    '{"geppetto.runtime@v1": "cut off"': "",
}


def test_metadata_is_read_by_the_same_rule(laboratory: Laboratory) -> None:
    folder = laboratory.copy()
    with closing(sqlite3.connect(folder / "turns.db")) as connection, connection:
        statement = "UPDATE turns SET turn_metadata_json = ?, runtime_key = '' WHERE rowid = ?"
        connection.executemany(statement, [(text, rowid) for rowid, text in enumerate(SPELLINGS, start=1)])
        rows = connection.execute(
            next(each.sql for each in EXPORT.exported if each.check.name == "runtime_complete")
        ).fetchall()
    assert sorted(row[5] for row in rows) == sorted(filter(None, SPELLINGS.values()))
    assert differing(found_by_sqlite(folder / "turns.db", EXPORT), found_by_audit(laboratory, folder)) == {}


def test_every_check_is_exported_or_left_out_for_a_reason() -> None:
    assert sorted([*EXPORTED, *EXPORT.not_exported]) == sorted(check.name for check in CATALOG.checks)
    known = {*OTHER_INPUTS.values(), *BEYOND_SQL.values()}
    # A check that SQLite cannot run for want of a function needs a text of its own in audit/great_expectations/sql.
    assert {name: reason for name, reason in EXPORT.not_exported.items() if reason not in known} == {}
    assert len(EXPORTED) > 50


def test_a_file_without_ledger_has_a_suite_that_never_asks_for_it() -> None:
    export = export_checks(CATALOG, ledger=False)
    assert not any("turntruth_migrations m" in each.sql or "main.turntruth" in each.sql for each in export.exported)
    assert {check.name for check in CATALOG.checks if "ledger" in check.needs} <= export.not_exported.keys()
    assert "never_empty_after_cutover" in export.not_exported
    told = export_checks(CATALOG, ledger=False, cutover_ms=1_700_000_000_000)
    assert "never_empty_after_cutover" in {each.check.name for each in told.exported}


def test_a_check_in_sql_that_sqlite_cannot_run_is_left_out_with_its_words() -> None:
    check = a_check(sql="SELECT conv_id FROM turns WHERE levenshtein(conv_id, 'x') < 2")
    export = export_checks(Catalog((check,)))
    assert export.exported == ()
    assert "no such function: levenshtein" in export.not_exported["made_for_a_test"]


def test_a_check_with_a_need_that_nobody_knew_is_left_out() -> None:
    export = export_checks(Catalog((a_check(sql="SELECT conv_id FROM turns", needs=("turns", "moonlight")),)))
    assert export.not_exported == {"made_for_a_test": "it needs moonlight, which is not in the file"}


def test_a_broken_check_file_makes_no_suite(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "half_done.sql").write_text("-- title: Half done\nSELECT 1\n")
    with pytest.raises(CheckFileError, match="half_done"):
        export_checks(load_catalog(tmp_path))


def a_check(sql: str, needs: tuple[str, ...] = ("turns",)) -> Check:
    return Check(
        name="made_for_a_test",
        suite="schema",
        title="A title",
        severity=CATALOG.checks[0].severity,
        needs=needs,
        identity=("conv_id",),
        scans="turns",
        remedy="None.",
        breaks=(),
        consequence_of=(),
        also_fails=(),
        sql=sql,
        path="expectations/schema/made_for_a_test.sql",
    )


@pytest.fixture(scope="module")
def suite_text() -> str:
    return json_text(suite_document(EXPORT))


def test_the_suite_says_what_it_leaves_out_and_what_to_know(suite_text: str) -> None:
    meta = json.loads(suite_text)["meta"]
    assert meta["not_exported"] == EXPORT.not_exported
    assert meta["limits"] == list(LIMITS)
    assert meta["engine"] == "sqlite"


def test_the_suite_is_always_the_same(suite_text: str) -> None:
    assert json_text(suite_document(export_checks(load_catalog()))) == suite_text


def test_no_text_in_a_query_is_taken_for_a_placeholder(suite_text: str) -> None:
    for each in json.loads(suite_text)["expectations"]:
        query = each["kwargs"]["unexpected_rows_query"]
        assert re.findall(r"(?<!\{)\{(\w+)\}(?!\})", query) == ["batch"]
        assert not re.search(r"(?<![\\:]):\w", query)


def test_the_command_writes_the_suite_and_tells_what_is_missing(tmp_path: Path, suite_text: str) -> None:
    out = tmp_path / "suite.json"
    ran = CliRunner().invoke(build_app(), ["suite", "export", "--engine", "sqlite", "--out", str(out)])
    assert out.read_text() == suite_text
    assert f"exported {len(EXPORTED)} checks, left out {len(EXPORT.not_exported)}" in ran.stdout
    for check, reason in EXPORT.not_exported.items():
        assert f"not exported: {check}: {reason}" in ran.stdout


def test_on_standard_output_there_is_nothing_but_the_suite(capsys: pytest.CaptureFixture[str], suite_text: str) -> None:
    assert run(["suite", "export", "--engine", "sqlite"]) == 0
    printed = capsys.readouterr()
    assert printed.out == suite_text
    assert "not exported: pointer_agrees" in printed.err


@pytest.mark.parametrize("arguments", [[], ["--engine", "oracle"], ["--engine", "sqlite", "--out", "/nowhere/x.json"]])
def test_wrong_usage_is_refused(arguments: list[str]) -> None:
    assert run(["suite", "export", *arguments]) == 2


@pytest.mark.parametrize(
    ("gate", "name"),
    [
        (Severity.INFO, "turntruth_sqlite_fails_on_any_finding"),
        (Severity.WARNING, "turntruth_sqlite_fails_on_warning"),
        (Severity.CRITICAL, "turntruth_sqlite_fails_on_critical"),
    ],
)
def test_the_name_says_what_fails_the_suite_and_what_does_not_is_left_out(gate: Severity, name: str) -> None:
    export = with_gate(EXPORT, gate)
    document = suite_document(export)

    assert (document["name"], document["meta"]["gate"]) == (name, gate)
    kept = {each["severity"] for each in document["expectations"]}
    assert kept == {str(each) for each in list(Severity)[: list(Severity).index(gate) + 1]}
    assert sorted([*(each.check.name for each in export.exported), *export.not_exported]) == sorted(
        check.name for check in CATALOG.checks
    )


def test_the_command_takes_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suite", "export", "--engine", "sqlite", "--fail-on", "critical"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["name"] == "turntruth_sqlite_fails_on_critical"
    assert "not exported: no_residue: its findings are of severity warning, below the gate (critical)" in printed.err


def test_stock_great_expectations_fails_at_the_gate_of_the_suite_as_our_audit_does(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    """Files whose gravest finding is of each severity, and a clean one; of the suite, the checks that find it."""
    pytest.importorskip("sqlalchemy", reason="the SQLite data source of Great Expectations needs SQLAlchemy before 2.1")
    broken = {"explicit_values": "info", "phases_known": "warning", "runtime_complete": "critical"}
    folders = {"": laboratory.clean} | {
        severity: laboratory.breaking(laboratory.check(name).breaks) for name, severity in broken.items()
    }
    files = [shutil.copy(folder / "turns.db", tmp_path / f"{name}.db") for name, folder in folders.items()]
    order = [str(each) for each in Severity]
    finding = set(broken)
    for name, folder in folders.items():
        failed = laboratory.audit(folder, given=()).failed()
        finding |= failed
        assert min((str(laboratory.check(each).severity) for each in failed), key=order.index, default="") == name
    export = replace(EXPORT, exported=tuple(each for each in EXPORT.exported if each.check.name in finding))
    suites = {gate: tmp_path / f"{gate}.json" for gate in Severity}
    for gate, suite in suites.items():
        suite.write_text(json_text(suite_document(with_gate(export, gate))))
    asked = stock_run([(suite, file) for suite in suites.values() for file in files], tmp_path)
    for (gate, gravest), told in zip(product(suites, folders), asked, strict=True):
        fails = gravest != "" and order.index(gravest) <= order.index(gate)
        assert told["success"] is not fails
        assert told["gravest"] == (gravest if fails else None)


def test_stock_great_expectations_gives_the_verdicts_of_our_audit(
    laboratory: Laboratory, suite_text: str, tmp_path: Path
) -> None:
    pytest.importorskip("sqlalchemy", reason="the SQLite data source of Great Expectations needs SQLAlchemy before 2.1")
    suite = tmp_path / "suite.json"
    suite.write_text(suite_text)
    broken = ("runtime_complete", "no_hole_in_run", "no_triggers", "ledger_counts_true", "block_json_valid")
    damaged = laboratory.breaking([each for name in broken for each in laboratory.check(name).breaks])
    folders = [laboratory.clean, damaged]
    files = [shutil.copy(folder / "turns.db", tmp_path / f"{n}.db") for n, folder in enumerate(folders)]
    for folder, told in zip(folders, stock_run([(suite, file) for file in files], tmp_path), strict=True):
        assert told["exceptions"] == {}
        assert told["rows"] == {name: len(rows) for name, rows in found_by_audit(laboratory, folder).items()}
    assert {name for name in broken if told["rows"][name]} == set(broken)
