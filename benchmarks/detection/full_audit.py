"""The audit as users run it, from settings to the folder of its report; what it says is read back from that folder."""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import orjson
import yaml

from audit.checks.catalog import Catalog, load_catalog
from audit.checks.runner import TURN_COLUMNS
from audit.errors import AuditError
from audit.great_expectations.validation_process import GREAT_EXPECTATIONS
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.policy.selection import Selection
from audit.report.run_folder import FINDINGS_FILE, RESULTS_FILE
from audit.results.findings_csv import read_findings
from audit.results.records import Finding
from benchmarks.detection.examiner import ARMS, NO_CHECK, Findings
from benchmarks.detection.faults.records.reporting import CATALOGUE
from benchmarks.detection.mutants.incremental import Identity

_API_CHECKS = ("api_answers_complete", "api_answers_known", "api_conversations_as_stored", "api_values_as_stored")


class WholeAudit:
    """Audits files with warehouse, judge and report; slower than the checks alone by the start of all these.

    The judge is in this process: one for each of hundreds of audits would load Great Expectations hundreds of times.
    """

    def __init__(self, runtimes: Iterable[str], folder: Path) -> None:
        """``folder`` is one of its own, to write to."""
        self._runs = folder / "runs"
        self._registry = folder / "registry.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        self._registry.write_text(yaml.safe_dump(list(runtimes), allow_unicode=True), encoding="utf-8")
        self._number = 0

    def examine(self, folder: Path, arms: Iterable[str], api: str = "", token: str = "") -> dict[str, Findings]:
        """Audit the files of a folder; ``api`` is the address of a debug API, for the arm with it."""
        import_module(GREAT_EXPECTATIONS)
        return {arm: self._examine(folder, ARMS[arm], api, token) for arm in arms}

    def _examine(self, folder: Path, given: frozenset[str], api: str, token: str) -> Findings:
        started = time.perf_counter()
        self._number += 1
        run_id = f"r{self._number}"
        catalogue = folder / CATALOGUE
        settings = AuditSettings(
            folder / "turns.db",
            timeline=folder / "timeline.db",
            baseline=folder / "baseline.db" if "baseline" in given else None,
            registry=self._registry,
            out_dir=self._runs,
            run_id=run_id,
            api=api if "api" in given else "",
            api_token=token if "api" in given else "",
            checks=catalogue if catalogue.exists() else None,
            # Trials of the API leave the files as they are: the other checks have nothing to find.
            selection=Selection(select=_API_CHECKS) if "api" in given else Selection(),
        )
        try:
            run_audit(settings)
        except AuditError as error:
            return Findings({}, refused=str(error), seconds=time.perf_counter() - started)
        catalog = load_catalog(settings.checks)
        return _read(self._runs / run_id, catalog, time.perf_counter() - started)


def _read(run: Path, catalog: Catalog, seconds: float) -> Findings:
    """What a run says, from its own files alone."""
    results = orjson.loads((run / RESULTS_FILE).read_bytes())
    identities = {check.name: check.identity for check in catalog.checks}
    found: dict[str, set[Identity]] = {}
    for finding in read_findings(run / FINDINGS_FILE):
        found.setdefault(finding.check, set()).add(_identity(finding, identities[finding.check]))
    errors = {check["check"]: check["error"] for check in results["checks"] if check["status"] == "errored"}
    if results["verdict"] == "errored" and not errors:
        errors = {NO_CHECK: "; ".join(results["not_looked_at"])}
    return Findings(
        {name: frozenset(rows) for name, rows in found.items()},
        errors,
        seconds=seconds,
        verdict=str(results["verdict"]),
    )


def _identity(finding: Finding, columns: tuple[str, ...]) -> Identity:
    rest = [name for name in columns if name not in TURN_COLUMNS]
    # A key of rows of any table is JSON already and stands there as it is.
    told = {"row_key": finding.key} if rest == ["row_key"] else orjson.loads(finding.key) if rest else {}
    values = {**told, **{name: getattr(finding, name) for name in TURN_COLUMNS}}
    return tuple((name, "" if values[name] is None else str(values[name])) for name in sorted(columns))


def verdict_of(findings: Findings, *, critical: bool) -> str:
    """What an audit with these findings has to say; ``critical``: a critical check is among those that found some."""
    if findings.is_incomplete:
        return "errored"
    return "failed" if critical else "passed"
