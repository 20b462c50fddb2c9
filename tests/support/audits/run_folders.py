"""Folders of runs, written as an audit writes them but in no time, for the tests of what is made of several runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.report.run_folder import write_run
from audit.results.findings_csv import COLUMNS
from audit.results.records import AuditResult, CheckResult, Coverage, Finding, Verdict
from audit.runs.finding_tables import CheckFindings, count_findings
from audit.staging.warehouse import quote_literal
from support.audits.report_examples import a_check, a_failed_check, a_result


def a_kept_run(
    out_dir: Path,
    day: int,
    *checks: CheckResult,
    turns: str = "data/turns.db",
    run_id: str = "",
    findings: Sequence[Finding] = (),
    **changes: object,
) -> Path:
    """Write a run of that day of March; it failed if a check did."""
    given = checks or (a_check(),)
    failed = any(check.open_findings and check.severity == "critical" for check in given)
    result = a_result(
        *given,
        run_id=run_id or f"run_202603{day:02d}t101500z_ab12",
        started_at=f"2026-03-{day:02d}T10:15:00.000Z",
        verdict=changes.pop("verdict", Verdict.FAILED if failed else Verdict.PASSED),  # type: ignore[arg-type]
        **changes,
    )
    first, *others = result.inputs
    return write_kept(out_dir, replace(result, inputs=(replace(first, path=turns), *others)), findings)


def write_kept(out_dir: Path, result: AuditResult, findings: Iterable[Finding] = ()) -> Path:
    """Write the folder of a run with both tables of its findings; no page is made of it, which takes longest."""
    rows = [astuple(finding) for finding in findings]
    out_dir.mkdir(parents=True, exist_ok=True)
    table = out_dir / f".{result.run_id}.parquet"
    _write_parquet(table, rows)
    try:
        return write_run(result, out_dir, rows, {FINDINGS_PARQUET: table})
    finally:
        table.unlink()


def _write_parquet(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}" VARCHAR' for name in (*COLUMNS, "accepted"))
        connection.execute(f"CREATE TABLE findings ({columns})")
        if rows:
            marks = ", ".join("?" * len(COLUMNS))
            connection.executemany(f"INSERT INTO findings VALUES ({marks}, '')", rows)
        connection.execute(f"COPY (SELECT * FROM findings ORDER BY ALL) TO {quote_literal(str(path))} (FORMAT parquet)")


def failing(name: str = "turns_kept", findings: int = 3, **changes: object) -> CheckResult:
    """A failed check without a sample, so that any number of findings is one line."""
    return a_failed_check(name, findings=findings, **({"sample": ()} | changes))


def knowing(known: int, of: int = 2000) -> Coverage:
    """So many turns whose runtime is known."""
    return Coverage(turns=of, runtime_known=known, inference_known=known)


def counted_here(a: Path, b: Path) -> list[CheckFindings]:
    """What two tables of findings have in common, counted in this process, which is faster than in one of its own."""
    with TemporaryDirectory() as folder:
        return count_findings(a, b, Path(folder))
