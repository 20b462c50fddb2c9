"""Audit results for the tests of reports and runs: one readable example, builders, and Hypothesis strategies."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import strategies as st

from audit.results.chronology import Chronology, DamagedTurn, Lane, Period
from audit.results.records import (
    Acceptance,
    AcceptanceState,
    AuditResult,
    CellChange,
    ChangeProof,
    CheckResult,
    Coverage,
    CoverageGate,
    CoverageSlice,
    Finding,
    InputFile,
    Status,
    Verdict,
)

TEXTS = st.text(max_size=20)
COUNTS = st.integers(min_value=0, max_value=2**53)


def a_check(name: str = "backfill_complete", **changes: object) -> CheckResult:
    """A passed check, with the given fields changed; the hash always fits the query."""
    sql = str(changes.pop("sql", f"SELECT conv_id, session_id, turn_id FROM {name}_rows"))
    passed = CheckResult(
        check=name,
        suite="backfill",
        severity="critical",
        status=Status.PASSED,
        findings=0,
        scanned=2000,
        title="Every turn whose metadata names a runtime carries it in runtime_key",
        remedy="Run the migration again; rows are filled one by one, never overwritten.",
        sql=sql,
        sql_sha256=hashlib.sha256(sql.encode()).hexdigest(),
        duration_ms=3.25,
    )
    return replace(passed, **changes)  # type: ignore[arg-type]  # mypy cannot see that the names are fields


def a_finding(check: str = "backfill_complete", number: int = 1, **changes: str) -> Finding:
    """One row that a check named, with the given columns changed."""
    return replace(
        Finding(
            check=check,
            severity="critical",
            conv_id=f"conv-{number:04d}",
            session_id="sess-1",
            turn_id=f"turn-{number:06d}",
            table="turns",
            column="runtime_key",
            expected="planner",
            found="",
        ),
        **changes,
    )


def a_failed_check(name: str = "backfill_complete", findings: int = 3, **changes: object) -> CheckResult:
    """A check with that many findings, at most 20 of them in its sample."""
    sample = tuple(a_finding(name, number) for number in range(min(findings, 20)))
    fields: dict[str, object] = {"status": Status.FAILED, "findings": findings, "sample": sample}
    return a_check(name, **(fields | changes))


def a_coverage() -> Coverage:
    """A history of three months, known from the second on."""
    return Coverage(
        turns=2000,
        runtime_known=1730,
        inference_known=1904,
        runtime_by_evidence={"text": 1100, "map": 520, "profile": 90, "alias": 20, "none": 262, "malformed": 8},
        inference_by_evidence={"text": 1904, "none": 88, "malformed": 8},
        conversations=100,
        conversations_known=71,
        by_month=(
            CoverageSlice("2025-12", 400, 190, 340),
            CoverageSlice("2026-01", 800, 760, 780),
            CoverageSlice("2026-02", 800, 780, 784),
        ),
        by_conversation=(CoverageSlice("conv-0007", 25, 2, 20), CoverageSlice("conv-0041", 18, 4, 18)),
    )


def a_result(*checks: CheckResult, verdict: Verdict = Verdict.PASSED, **changes: object) -> AuditResult:
    """A run over two files with the given checks."""
    result = AuditResult(
        run_id="run_20260224t101500z_ab12",
        verdict=verdict,
        gate="critical",
        started_at="2026-02-24T10:15:00.000Z",
        finished_at="2026-02-24T10:15:04.125Z",
        inputs=(
            InputFile("turns", "data/turns.db", 7_340_032, "ab" * 32, {"turns": 2000, "blocks": 5120}),
            InputFile("baseline", "data/turns.before.db", 7_118_848, "cd" * 32, {"turns": 2000}),
        ),
        checks=checks or (a_check(),),
        coverage=a_coverage(),
        versions={"turntruth": "0.1.0", "Python": "3.11.9", "SQLite": "3.50.0", "DuckDB": "1.5.5"},
    )
    return replace(result, **changes)  # type: ignore[arg-type]  # as above


PAYLOAD = "\"'><script>boom()</script><img src=x onerror=boom()>{{ 7*7 }}<!--</style></title>"


def an_acceptance(check: str = "blanks", **changes: object) -> Acceptance:
    """One finding that somebody has accepted, with the given fields changed."""
    accepted = Acceptance(
        check=check,
        where={"turn_id": "turn-000001"},
        reason="Written by hand for a customer",
        by="Ada",
        until="2026-12-31",
        state=AcceptanceState.ACTIVE,
        findings=1,
    )
    return replace(accepted, **changes)  # type: ignore[arg-type]  # as above


def some_changes() -> tuple[CellChange, ...]:
    """Changes of which the comparison says each thing that it can say."""
    repaired = "repaired from turn_created_at_ms"
    return (
        CellChange("turns", "runtime_key", "filled from text", 1100, 1100, 1100, ChangeProof.SAME),
        CellChange("turns", "inference_id", "filled from alias", 12, 10, 15, ChangeProof.SAME),
        CellChange("turns", "updated_at_ms", repaired, 1, 3, 3, ChangeProof.DIFFERS),
        CellChange("turns", "turn_data_json", "rewritten from a payload text", 7, 0, 0, ChangeProof.NOT_COMPARED),
        CellChange("turns", "turn_id", "made from a payload text", 0, 5, 5, ChangeProof.NOT_STATED),
    )


def a_busy_result() -> AuditResult:
    """Something of everything that a page can show."""
    return a_result(
        a_check(),
        a_failed_check("rows_named", findings=1234),
        a_failed_check("blanks", findings=2, severity="warning", suite="defaults"),
        a_check("judged", status=Status.ERRORED, error="cannot convert", suite="integrity"),
        a_check("kept", status=Status.SKIPPED, skip_reason="no baseline was given", suite="preservation"),
        verdict=Verdict.FAILED,
        not_looked_at=("The conversation file was not given.",),
        changes=some_changes(),
        chronology=a_chronology(),
    )


def a_chronology() -> Chronology:
    """Two conversations, one of them only in the file from before, and two days."""
    damage = (DamagedTurn("sess-1", "turn-000002", 1, ("rows_named", "blanks")),)
    first = Lane(
        conv_id="conv-0001",
        severity="critical",
        checks=("rows_named", "blanks"),
        turns=90,
        damaged=1,
        runtimes={"A": "planner", "B": "analyst"},
        before="AAB- ",
        after="A.BB ",
        evidence="AABB ",
        pointer="B",
        damage=damage,
    )
    second = replace(first, conv_id="conv-0002", before="AA", after="--", evidence="--", pointer="", turns=2)
    days = (Period("2026-01-01", {"planner": 3, "": 1}, 0, 1), Period("2026-01-02", {"planner": 2, "analyst": 4}, 2, 3))
    return Chronology((first, second), 7, "day", days)


def a_judged_result() -> AuditResult:
    """A part of the checks, of which a team has set thresholds, accepted findings and demanded coverage."""
    return a_result(
        a_failed_check(
            "blanks",
            findings=3,
            severity="warning",
            suite="defaults",
            accepted=1,
            declared_severity="critical",
            thresholds="warning_if > 0",
        ),
        verdict=Verdict.FAILED,
        partial="2 of 7 checks were left out (exclude ledger)",
        coverage_gates=(
            CoverageGate("runtime", "95 %", 1730, 2000, Status.FAILED),
            CoverageGate("inference", "90 %", 1904, 2000, Status.PASSED),
        ),
        acceptances=(
            an_acceptance(where={"turn_id": "turn-000002"}),
            an_acceptance(where={}, state=AcceptanceState.EXPIRED, findings=3),
        ),
        notes=("data/turns.db was written to during the audit.",),
        configuration="turntruth.toml",
    )


def poisoned(value: Any, payload: str = PAYLOAD) -> Any:
    """The record with the payload in every text; enumerations and numbers stay."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: poisoned(getattr(value, each.name), payload) for each in fields(value)})
    if isinstance(value, tuple):
        return tuple(poisoned(member, payload) for member in value)
    if isinstance(value, dict):
        return {key + payload: poisoned(member, payload) for key, member in value.items()}
    return value + payload if type(value) is str else value


FINDINGS = st.builds(Finding, *[TEXTS] * 10)
SLICES = st.builds(CoverageSlice, TEXTS, COUNTS, COUNTS, COUNTS)
CHECKS = st.builds(
    CheckResult,
    check=TEXTS,
    suite=TEXTS,
    severity=st.sampled_from(["critical", "warning", "info"]),
    status=st.sampled_from(Status),
    findings=COUNTS,
    scanned=COUNTS,
    title=TEXTS,
    remedy=TEXTS,
    sql=TEXTS,
    sql_sha256=TEXTS,
    duration_ms=st.floats(min_value=0, allow_infinity=False, allow_nan=False),
    error=TEXTS,
    skip_reason=TEXTS,
    sample=st.lists(FINDINGS, max_size=3).map(tuple),
    accepted=COUNTS,
    declared_severity=TEXTS,
    thresholds=TEXTS,
    sqlite_sql=TEXTS,
    sqlite_note=TEXTS,
).map(lambda check: replace(check, accepted=min(check.accepted, check.findings)))
LANES = st.builds(
    Lane,
    conv_id=TEXTS,
    severity=st.sampled_from(["critical", "warning", "info"]),
    checks=st.lists(TEXTS, max_size=3).map(tuple),
    turns=COUNTS,
    damaged=COUNTS,
    runtimes=st.dictionaries(TEXTS, TEXTS, max_size=3),
    before=TEXTS,
    after=TEXTS,
    evidence=TEXTS,
    pointer=TEXTS,
    damage=st.lists(
        st.builds(DamagedTurn, TEXTS, TEXTS, st.integers(0, 30), st.lists(TEXTS, max_size=2).map(tuple)), max_size=3
    ).map(tuple),
)
PERIODS = st.builds(Period, TEXTS, st.dictionaries(TEXTS, COUNTS, max_size=3), COUNTS, COUNTS)
CHRONOLOGIES = st.builds(
    Chronology,
    st.lists(LANES, max_size=2).map(tuple),
    COUNTS,
    st.sampled_from(["", "day", "month", "year"]),
    st.lists(PERIODS, max_size=3).map(tuple),
)
GATES = st.builds(CoverageGate, TEXTS, TEXTS, COUNTS, COUNTS, st.sampled_from([Status.PASSED, Status.FAILED]))
ACCEPTANCES = st.builds(
    Acceptance,
    check=TEXTS,
    where=st.dictionaries(TEXTS, TEXTS, max_size=2),
    reason=TEXTS,
    by=TEXTS,
    until=TEXTS,
    state=st.sampled_from(AcceptanceState),
    findings=COUNTS,
)
RESULTS = st.builds(
    AuditResult,
    run_id=TEXTS,
    verdict=st.sampled_from(Verdict),
    gate=st.sampled_from(["critical", "warning", "info", "never"]),
    started_at=TEXTS,
    finished_at=TEXTS,
    inputs=st.lists(
        st.builds(InputFile, TEXTS, TEXTS, COUNTS, TEXTS, st.dictionaries(TEXTS, COUNTS, max_size=3)),
        max_size=3,
        unique_by=lambda entry: entry.role,
    ).map(tuple),
    checks=st.lists(CHECKS, max_size=3, unique_by=lambda check: check.check).map(tuple),
    coverage=st.builds(
        Coverage,
        turns=COUNTS,
        runtime_known=COUNTS,
        inference_known=COUNTS,
        runtime_by_evidence=st.dictionaries(TEXTS, COUNTS, max_size=3),
        inference_by_evidence=st.dictionaries(TEXTS, COUNTS, max_size=3),
        conversations=COUNTS,
        conversations_known=COUNTS,
        by_month=st.lists(SLICES, max_size=3).map(tuple),
        by_conversation=st.lists(SLICES, max_size=3).map(tuple),
    ),
    versions=st.dictionaries(TEXTS, TEXTS, max_size=3),
    not_looked_at=st.lists(TEXTS, max_size=3).map(tuple),
    partial=TEXTS,
    coverage_gates=st.lists(GATES, max_size=2).map(tuple),
    acceptances=st.lists(ACCEPTANCES, max_size=2).map(tuple),
    notes=st.lists(TEXTS, max_size=3).map(tuple),
    chronology=CHRONOLOGIES,
    configuration=TEXTS,
)
