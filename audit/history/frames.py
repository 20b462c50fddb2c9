"""The same answers as pandas frames, one row a record, for notebooks: times as UTC timestamps, counts as integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from audit.history.answer import Answer
from audit.history.runtime_history import RuntimeHistory
from audit.report.run_folder import FINDINGS_FILE, list_runs
from audit.report.summary import summarize
from audit.results.findings_csv import read_findings
from audit.results.records import AuditResult, Coverage, CoverageSlice, Finding

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def turns_table(history: RuntimeHistory, conv_id: str) -> pd.DataFrame:
    """The turns of a conversation in their order, with what their metadata says."""
    return _answered(history.evidence(conv_id))


def segments_table(history: RuntimeHistory, conv_id: str | None = None) -> pd.DataFrame:
    """The runs of one runtime in a conversation, or in all of them, in order."""
    return _answered(history.segments(conv_id))


def switches_table(history: RuntimeHistory, conv_id: str | None = None) -> pd.DataFrame:
    """The switches of a conversation, or of all of them, in order."""
    return _answered(history.switches(conv_id))


def runtimes_table(history: RuntimeHistory) -> pd.DataFrame:
    """Every runtime with its use, the most used first."""
    return _answered(history.runtimes())


def months_table(coverage: Coverage) -> pd.DataFrame:
    """Turns by month of creation with how many are known, and the shares of it from 0 to 1."""
    table = _table(CoverageSlice, coverage.by_month).rename(columns={"label": "month"})
    return table.assign(
        runtime_share=table["runtime_known"] / table["turns"],
        inference_share=table["inference_known"] / table["turns"],
    )


def checks_table(result: AuditResult) -> pd.DataFrame:
    """One row a check: suite, name, severity, status and counts."""
    columns = ["suite", "check", "severity", "status", "findings", "scanned", "duration_ms", "title"]
    return pd.DataFrame([{name: getattr(check, name) for name in columns} for check in result.checks], columns=columns)


def findings_table(run_folder: Path) -> pd.DataFrame:
    """Every row that the checks of a run named, as text; the way back from the escapes of ``findings.csv`` is done."""
    return _table(Finding, read_findings(run_folder / FINDINGS_FILE))


def runs_table(out_dir: Path) -> pd.DataFrame:
    """The history of audits, the oldest first: verdict, findings by severity, share of known runtimes (0 to 1)."""
    readable = [run.result for run in list_runs(out_dir) if run.result is not None]
    columns = ["run_id", "started_at", "verdict", "critical", "warning", "info", "runtime_share"]
    table = pd.DataFrame([_run_row(result) for result in readable], columns=columns)
    return table.assign(started_at=pd.to_datetime(table["started_at"], utc=True))


def _run_row(result: AuditResult) -> Mapping[str, Any]:
    return {
        "run_id": result.run_id,
        "started_at": result.started_at,
        "verdict": str(result.verdict),
        **summarize(result).findings,
        "runtime_share": result.coverage.runtime_known / result.coverage.turns if result.coverage.turns else None,
    }


def _answered(answer: Answer) -> pd.DataFrame:
    """The answer with its times in UTC, and without the numbers that they were made from."""
    table = answer.df()
    times = {name: table[name].dt.tz_localize("UTC") for name in table.columns if name.endswith("_at")}
    return table.assign(**times).drop(columns=[name for name in table.columns if name.endswith("_ms")])


def _table(record: type[DataclassInstance], records: Iterable[DataclassInstance]) -> pd.DataFrame:
    """One column a field also where there is no record."""
    return pd.DataFrame([asdict(each) for each in records], columns=[each.name for each in fields(record)])
