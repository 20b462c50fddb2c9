"""Each check of the suite proves itself: what its own header breaks is named exactly, and by no other check."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from audit.checks.catalog import load_catalog
from audit.checks.check import Check
from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import DemoFiles, audit_demo, migrate_demo, write_demo
from audit.results.records import AuditResult, CheckResult, Finding, Status
from audit.trial.damage import damaged_rows
from support.audits.consequences import shown_elsewhere
from support.files.proof_files import damage, run

CATALOG = load_catalog()
CHECKS = {check.name: check for check in CATALOG.checks if check.suite == "preservation"}
# The sample of a check must hold all of what its breaking damages.
SHAPE = CorpusShape(turns=40, conversations=5, malformed=0)
OF_THE_SCHEMA = {
    "schema_objects_kept": {"object_type": "view", "object_name": "turns_of_today"},
    "pragmas_kept": {"pragma_name": "user_version"},
    "other_tables_unchanged": {"row_key": '{"rowid":1}'},
}
VIEW_NAMES = {"snapshot_ms": "snapshot_created_at_ms"}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    files = write_demo(tmp_path_factory.mktemp("clean"), SHAPE)
    migrate_demo(files)
    # The names by which the tests of all checks know the files.
    baseline = files.baseline.rename(files.baseline.with_name("baseline.db"))
    return DemoFiles(files.turns, files.timeline, baseline)


def copy_of(files: DemoFiles, folder: Path) -> DemoFiles:
    shutil.copytree(files.turns.parent, folder, dirs_exist_ok=True)
    return DemoFiles(folder / "turns.db", folder / "timeline.db", folder / "baseline.db")


def broken(check: Check, clean: DemoFiles, folder: Path) -> DemoFiles:
    files = copy_of(clean, folder)
    for target, sql in check.breaks:
        run(getattr(files, target), "PRAGMA foreign_keys = OFF", sql)
    return files


def outcome(result: AuditResult, name: str) -> CheckResult:
    return next(check for check in result.checks if check.check == name)


def identity(finding: Finding, check: Check) -> dict[str, str]:
    cells = {"conv_id": finding.conv_id, "session_id": finding.session_id, "turn_id": finding.turn_id}
    cells |= json.loads(finding.key or "{}") | {"row_key": finding.key}
    return {VIEW_NAMES.get(name, name): str(cells[name]) for name in check.identity}


def test_the_suite_holds_on_a_clean_pair_and_looks_at_something(clean: DemoFiles) -> None:
    result = audit_demo(clean)
    assert len(CHECKS) == 10
    for name in CHECKS:
        found = outcome(result, name)
        assert (found.status, found.findings, found.error) == (Status.PASSED, 0, "")
        assert found.scanned > 0


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_what_breaks_a_check_is_named_exactly_and_by_no_other(name: str, clean: DemoFiles, tmp_path: Path) -> None:
    check = CHECKS[name]
    files = broken(check, clean, tmp_path)
    result = audit_demo(files)
    assert [each.error for each in result.checks if each.error] == []
    failed = {each.check for each in result.checks if each.status is Status.FAILED}
    answering = {name, *CATALOG.consequences(name)}
    assert answering - shown_elsewhere(name) <= failed <= answering
    named = [identity(finding, check) for finding in outcome(result, name).sample]
    if name in OF_THE_SCHEMA:
        (only,) = named
        assert OF_THE_SCHEMA[name].items() <= only.items()
        return
    columns = [VIEW_NAMES.get(column, column) for column in check.identity]
    damaged = [row for row in damaged_rows(clean.turns.parent, tmp_path) if all(column in row for column in columns)]
    wanted = {tuple(str(row[column]) for column in columns) for row in damaged}
    if name == "snapshots_unchanged":
        # A row with another ordinal is the same one under another key: it is named as the baseline has it.
        (finding,) = outcome(result, name).sample
        assert tuple(named[0].values()) == max(wanted, key=lambda row: int(row[-1]))
        assert len(wanted) == 2
        assert int(finding.expected) == int(finding.found) + 1000
    else:
        assert {tuple(row.values()) for row in named} == wanted
        assert wanted


def test_a_damaged_table_makes_the_suite_errored_and_never_passed(clean: DemoFiles, tmp_path: Path) -> None:
    files = copy_of(clean, tmp_path)
    damage(files.baseline, "blocks")
    result = audit_demo(files)
    assert {outcome(result, name).status for name in CHECKS} == {Status.ERRORED}
    assert result.verdict == "errored"
