"""What a team has settled, through a whole audit: what counts, what is only told, and what is written."""

from __future__ import annotations

import errno
import html
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.errors import UsageError
from audit.pipeline import run
from audit.pipeline.settings import AuditSettings
from audit.policy.acceptance import AcceptanceRule
from audit.policy.coverage_gate import parse_minimums
from audit.policy.policy import Policy
from audit.policy.selection import Selection, UnknownNameError
from audit.policy.thresholds import Thresholds, parse_limit
from audit.report import run_folder
from audit.report.html import render_html
from audit.results.records import AuditResult, CheckResult, Status, Verdict
from audit.staging.warehouse import Warehouse
from support.files.sqlite_files import make_turns, run_sql

CHECK = """\
-- title: {name}
-- severity: {severity}
-- needs: {needs}
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: None.
-- breaks: turns: DELETE FROM turns
{query}
"""
BAD_ROWS = "SELECT conv_id, session_id, turn_id FROM turn_evidence WHERE runtime_key = 'bad'"
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


def write_check(
    root: Path,
    name: str,
    query: str = BAD_ROWS,
    severity: str = "critical",
    suite: str = "custom",
    needs: str = "turns",
) -> Path:
    folder = root / suite
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.sql"
    path.write_text(CHECK.format(name=name, severity=severity, query=query, needs=needs))
    return path


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    """Ten turns, two of them bad."""
    path = make_turns(tmp_path / "turns.db", turns=10)
    run_sql(path, "UPDATE turns SET runtime_key = 'bad' WHERE turn_id IN ('t3', 't7')")
    return path


@pytest.fixture
def checks(tmp_path: Path) -> Path:
    write_check(tmp_path / "checks", "no_bad")
    write_check(tmp_path / "checks", "nothing", f"{BAD_ROWS} AND false", suite="other")
    return tmp_path / "checks"


def audit(turns: Path, checks: Path | None, **changes: Any) -> AuditResult:
    return run.run_audit(AuditSettings(turns, checks=checks, **changes), clock=lambda: NOON)


def the(check: str, result: AuditResult) -> CheckResult:
    return next(each for each in result.checks if each.check == check)


def accepting(until: date = date(2026, 6, 30), check: str = "no_bad", **where: str) -> Policy:
    return Policy(acceptances=(AcceptanceRule(check, "known", "Ada", until, where),))


def test_an_accepted_finding_stays_and_does_not_count(turns: Path, checks: Path, tmp_path: Path) -> None:
    result = audit(turns, checks, policy=accepting(), out_dir=tmp_path / "reports", run_id="r")
    assert result.verdict is Verdict.PASSED
    check = the("no_bad", result)
    assert (check.status, check.findings, check.accepted, len(check.sample)) == (Status.FAILED, 2, 2, 2)
    assert len((tmp_path / "reports" / "r" / "findings.csv").read_text().splitlines()) == 3


def test_one_finding_that_is_not_accepted_is_enough(turns: Path, checks: Path) -> None:
    result = audit(turns, checks, policy=accepting(turn_id="t3"))
    assert result.verdict is Verdict.FAILED
    assert [finding.turn_id for finding in the("no_bad", result).sample] == ["t7", "t3"]


def test_an_expired_acceptance_counts_again_and_is_told(turns: Path, checks: Path) -> None:
    result = audit(turns, checks, policy=accepting(until=date(2026, 6, 29)))
    assert (result.verdict, the("no_bad", result).accepted) == (Verdict.FAILED, 0)
    assert any("expired after 2026-06-29" in note for note in result.notes)


@pytest.mark.parametrize("policy", [accepting(check="no_bat"), Policy(thresholds={"no_bat": Thresholds()})])
def test_a_policy_on_an_unknown_check_is_refused(turns: Path, checks: Path, policy: Policy) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean no_bad"):
        audit(turns, checks, policy=policy)


@pytest.mark.parametrize(
    ("thresholds", "severity", "verdict"),
    [
        (Thresholds(critical_if=parse_limit("> 2")), "info", Verdict.PASSED),
        (Thresholds(critical_if=parse_limit(">= 2")), "critical", Verdict.FAILED),
        (Thresholds(parse_limit("> 0"), parse_limit("> 20 %")), "warning", Verdict.PASSED),
        (Thresholds(parse_limit("> 0"), parse_limit("> 19 %")), "critical", Verdict.FAILED),
    ],
)
def test_thresholds_decide_how_serious_findings_are(
    turns: Path, checks: Path, tmp_path: Path, thresholds: Thresholds, severity: str, verdict: Verdict
) -> None:
    policy = Policy(thresholds={"no_bad": thresholds})
    result = audit(turns, checks, policy=policy, out_dir=tmp_path / "reports", run_id="r")
    check = the("no_bad", result)
    assert (check.severity, check.declared_severity, result.verdict) == (severity, "critical", verdict)
    assert {finding.severity for finding in check.sample} == {severity}
    rows = (tmp_path / "reports" / "r" / "findings.csv").read_text().splitlines()[1:]
    assert all(row.startswith(f"no_bad,{severity},") for row in rows)


def test_thresholds_count_only_what_is_not_accepted(turns: Path, checks: Path) -> None:
    policy = Policy({"no_bad": Thresholds(critical_if=parse_limit("> 1"))}, accepting(turn_id="t3").acceptances)
    assert the("no_bad", audit(turns, checks, policy=policy)).severity == "info"


def test_low_coverage_fails_an_audit_that_found_nothing(turns: Path, checks: Path) -> None:
    run_sql(turns, "UPDATE turns SET runtime_key = '' WHERE turn_id = 't3'", "DELETE FROM turns WHERE turn_id = 't7'")
    low, enough = (Policy(coverage=parse_minimums([word])) for word in ("runtime=90", "runtime=88"))
    assert audit(turns, checks, policy=low).verdict is Verdict.FAILED
    assert audit(turns, checks, policy=enough).verdict is Verdict.PASSED


def test_one_month_with_too_little_fails_an_audit_whose_whole_is_known_well(turns: Path, checks: Path) -> None:
    run_sql(
        turns,
        "DELETE FROM turns WHERE turn_id = 't7'",
        "UPDATE turns SET runtime_key = '', turn_created_at_ms = 1767225600000 WHERE turn_id = 't3'",
    )
    whole = parse_minimums(["runtime=88"])
    strict, lax = (
        Policy(coverage=whole, coverage_by_month=parse_minimums([word])) for word in ("runtime=1", "runtime=0")
    )
    result = audit(turns, checks, policy=strict)
    assert result.verdict is Verdict.FAILED
    assert [(gate.measure, gate.known, gate.total, gate.status) for gate in result.coverage_gates] == [
        ("runtime", 8, 9, Status.PASSED),
        ("runtime in 2026-01", 0, 1, Status.FAILED),
    ]
    assert audit(turns, checks, policy=lax).verdict is Verdict.PASSED


def test_a_partial_audit_says_so_and_lists_what_it_left_out(turns: Path, checks: Path) -> None:
    result = audit(turns, checks, selection=Selection(exclude=("custom",)))
    assert result.verdict is Verdict.PASSED
    assert result.partial == "1 of 2 checks were left out (exclude custom)"
    assert "partial audit" in result.not_looked_at[0]
    left_out = the("no_bad", result)
    assert (left_out.status, left_out.skip_reason) == (Status.SKIPPED, "it was not selected")
    assert audit(turns, checks).partial == ""


def test_a_selection_of_which_nothing_can_run_proves_nothing(turns: Path, checks: Path) -> None:
    write_check(checks, "compared", needs="baseline", suite="other")
    result = audit(turns, checks, selection=Selection(select=("compared",)))
    assert result.verdict is Verdict.ERRORED
    assert any("every selected check was skipped" in reason for reason in result.not_looked_at)


def test_own_checks_run_beside_the_others(turns: Path, checks: Path, tmp_path: Path) -> None:
    write_check(tmp_path / "ours", "ours", suite="other")
    result = audit(turns, checks, own_checks=(tmp_path / "ours",))
    assert [f"{each.suite}/{each.check}" for each in result.checks] == ["custom/no_bad", "other/nothing", "other/ours"]
    assert the("ours", result).findings == 2


def test_an_own_check_that_says_of_no_damage_that_it_finds_it_is_called_untested(
    turns: Path, checks: Path, tmp_path: Path
) -> None:
    write_check(tmp_path / "ours", "tested", suite="other")
    path = write_check(tmp_path / "ours", "ours", suite="other")
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "breaks:" not in line))
    result = audit(turns, checks, own_checks=(tmp_path / "ours",))
    assert the("ours", result).findings == 2
    (note,) = (each for each in result.notes if "untested" in each)
    assert note == "untested: no damage is known that other/ours would find (its file has no `breaks`)"
    assert "untested: no damage is known that other/ours" in html.unescape(render_html(result))


def test_a_broken_own_check_is_errored_by_file_and_line_and_the_others_run(
    turns: Path, checks: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "ours"
    header = write_check(ours, "header")
    header.write_text(header.read_text().replace("-- severity: critical", "-- severity: bad"))
    write_check(ours, "syntax", "SELEC 1")
    (ours / "stray.sql").write_text("SELECT 1")
    write_check(ours, "no_bad", f"{BAD_ROWS} AND false", suite="again")
    result = audit(turns, checks, own_checks=(ours,))
    assert result.verdict is Verdict.ERRORED
    assert f"{ours}/custom/header.sql:2: unknown severity 'bad'" in the("header", result).error
    assert f"{ours}/custom/syntax.sql" in the("syntax", result).error
    assert f"{ours}/<suite>/" in the("stray", result).error
    first, second = (each for each in result.checks if each.check == "no_bad")
    assert (first.suite, first.findings, first.status) == ("custom", 2, Status.FAILED)
    assert (second.suite, second.status) == ("again", Status.ERRORED)
    assert "already taken by expectations/custom/no_bad.sql" in second.error


@pytest.mark.parametrize(
    "query",
    [
        "SELECT '' AS conv_id, '' AS session_id, content AS turn_id FROM read_text('{victim}')",
        "SELECT '' AS conv_id, '' AS session_id, * FROM read_csv('{victim}')",
        "SELECT '' AS conv_id, '' AS session_id, file AS turn_id FROM glob('{folder}/*')",
        "SELECT * FROM sqlite_scan('{victim}', 'turns')",
        "SELECT '' AS conv_id, '' AS session_id, '' AS turn_id FROM '{victim}'",
        "COPY (SELECT 1) TO '{folder}/stolen.csv'",
        "ATTACH '{folder}/new.db' AS n (TYPE sqlite)",
        "ATTACH '{folder}/new.duckdb' AS n",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "DELETE FROM findings",
        "SELECT 1 AS conv_id; DROP TABLE turns",
    ],
)
def test_an_own_check_reaches_no_file_and_changes_nothing(
    turns: Path, checks: Path, tmp_path: Path, query: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    victim = make_turns(folder / "victim.db")
    content = victim.read_bytes()
    write_check(tmp_path / "ours", "reaching", query.format(victim=victim, folder=folder), suite="aaa")
    result = audit(turns, checks, own_checks=(tmp_path / "ours",))
    assert the("reaching", result).status is Status.ERRORED
    assert the("no_bad", result).findings == 2, "the others run, on what was staged"
    assert [entry.name for entry in folder.iterdir()] == ["victim.db"]
    assert victim.read_bytes() == content


@pytest.mark.parametrize("folder", ["missing", "turns.db", "empty"])
def test_a_folder_without_checks_is_refused(turns: Path, checks: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"<suite>/<check>\.sql"):
        audit(turns, checks, own_checks=(tmp_path / folder,))


def test_the_parquet_file_holds_every_finding_as_it_is(turns: Path, checks: Path, tmp_path: Path) -> None:
    run_sql(
        turns, *(f"INSERT INTO turns VALUES ('=c', 's', 'n{n}', 1, '{{}}', '{{}}', 'bad', '', 1)" for n in range(300))
    )
    audit(turns, checks, policy=accepting(turn_id="t3"), out_dir=tmp_path / "reports", run_id="r")
    path = tmp_path / "reports" / "r" / "findings.parquet"
    rows = duckdb.sql(f"SELECT turn_id, conv_id, accepted FROM '{path}'").fetchall()
    assert len(rows) == 302
    assert {conv_id for _, conv_id, _ in rows} == {"c", "=c"}
    assert [turn_id for turn_id, _, accepted in rows if accepted == "known"] == ["t3"]


def test_a_disk_that_fills_up_while_findings_are_written_loses_no_verdict(
    turns: Path, checks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_folder, "write_findings", full)
    with pytest.raises(run_folder.RunWriteError, match="No space left on device") as caught:
        audit(turns, checks, out_dir=tmp_path / "reports", run_id="r")
    assert (caught.value.result.verdict, caught.value.exit_code) == (Verdict.FAILED, 3)
    assert not list(tmp_path.glob("reports/*"))


def test_so_does_one_that_duckdb_finds_full(
    turns: Path, checks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Warehouse) -> Path:
        raise duckdb.IOException("Could not write file: No space left on device")

    monkeypatch.setattr(run, "write_findings_parquet", full)
    with pytest.raises(run_folder.RunWriteError, match="No space left on device") as caught:
        audit(turns, checks, out_dir=tmp_path / "reports", run_id="r")
    assert the("no_bad", caught.value.result).findings == 2


def test_results_read_back_with_all_that_was_settled(turns: Path, checks: Path, tmp_path: Path) -> None:
    policy = Policy(coverage=parse_minimums(["runtime=50"]), acceptances=accepting().acceptances)
    result = audit(turns, checks, policy=policy, out_dir=tmp_path / "reports", run_id="r")
    assert run_folder.load_run(tmp_path / "reports" / "r") == result
    document = json.loads((tmp_path / "reports" / "r" / "results.json").read_text())
    assert (document["acceptances"][0]["until"], document["coverage_gates"][0]["status"]) == ("2026-06-30", "passed")
