"""From the outcomes of all files to one result: sums of the checks of each, and checks across all of them.

Cross-file checks read what was kept of the turns of each file, never the files. Great Expectations judges the sums.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import duckdb

from audit.checks.catalog import Catalog
from audit.checks.check_file import parse_check
from audit.checks.runner import Blocked, create_findings, run_checks
from audit.files.private_folder import PrivateFolder
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.outcome import Outcome
from audit.pipeline.turn_keys import CONVERSATION_KEYS, FILE_FACTS, TURN_KEYS
from audit.results.records import CheckResult, Coverage, Finding, Status
from audit.sqlite.attributed_column import render

SUITE = "fleet"
_SQL = Path(__file__).with_name("sql")


def fleet_catalog() -> Catalog:
    """The checks across files, which lie in ``expectations/fleet``."""
    folder = resources("expectations") / SUITE
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return Catalog(
        tuple(
            parse_check(
                entry.read_text(encoding="utf-8"),
                suite=SUITE,
                name=entry.name.removesuffix(".sql"),
                path=f"expectations/{SUITE}/{entry.name}",
            )
            for entry in found
        )
    )


@dataclass(slots=True)
class Sums:
    """What has been added up so far, one outcome after the other; only samples of findings are held."""

    checks: dict[str, CheckResult]
    sample_size: int
    coverage: Coverage = field(default_factory=Coverage)
    errored_in: dict[str, int] = field(default_factory=dict)
    ran_in: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Add what one file says; a file that could not be read adds nothing."""
        if outcome.result is None:
            return
        for check in outcome.result.checks:
            # Which claims there are is known when the first file is that was judged by them.
            total = self.checks.get(check.check) or replace(check, **_NOTHING_YET)
            self.checks[check.check] = self._with(total, check, outcome.tenant)
        self.coverage = _added(self.coverage, outcome.result.coverage)

    def _with(self, total: CheckResult, check: CheckResult, tenant: str) -> CheckResult:
        if check.status is Status.SKIPPED:
            return (
                total
                if self.ran_in.get(check.check)
                else replace(total, status=Status.SKIPPED, skip_reason=check.skip_reason)
            )
        self.ran_in[check.check] = self.ran_in.get(check.check, 0) + 1
        if check.status is Status.ERRORED:
            self.errored_in[check.check] = self.errored_in.get(check.check, 0) + 1
        room = self.sample_size - len(total.sample)
        sample = (*total.sample, *(_of_tenant(finding, tenant) for finding in check.sample[: max(room, 0)]))
        findings = total.findings + check.findings
        errored = self.errored_in.get(check.check, 0)
        return replace(
            total,
            severity=check.severity if check.findings or not total.findings else total.severity,
            status=Status.FAILED if findings else Status.ERRORED if errored else Status.PASSED,
            findings=findings,
            scanned=total.scanned + check.scanned,
            duration_ms=round(total.duration_ms + check.duration_ms, 3),
            accepted=total.accepted + check.accepted,
            sample=sample,
            skip_reason="",
            error=check.error if check.status is Status.ERRORED else total.error if errored and not findings else "",
        )


_NOTHING_YET: Mapping[str, Any] = {
    "findings": 0, "scanned": 0, "duration_ms": 0.0, "accepted": 0, "sample": (), "error": "",
}  # fmt: skip


def _of_tenant(finding: Finding, tenant: str) -> Finding:
    """The finding with the tenant in its key, beside what identifies the row."""
    key = json.loads(finding.key) if finding.key else {}
    return replace(finding, key=json.dumps({"tenant": tenant, **key}, ensure_ascii=False))


def _added(total: Coverage, one: Coverage) -> Coverage:
    """The sum of both; months and conversations are a file's own."""
    return Coverage(
        turns=total.turns + one.turns,
        runtime_known=total.runtime_known + one.runtime_known,
        inference_known=total.inference_known + one.inference_known,
        runtime_by_evidence=_summed(total.runtime_by_evidence, one.runtime_by_evidence),
        inference_by_evidence=_summed(total.inference_by_evidence, one.inference_by_evidence),
        conversations=total.conversations + one.conversations,
        conversations_known=total.conversations_known + one.conversations_known,
        runtime_by_proof=_summed(total.runtime_by_proof, one.runtime_by_proof),
        inference_by_proof=_summed(total.inference_by_proof, one.inference_by_proof),
    )


def _summed(total: Mapping[str, int], one: Mapping[str, int]) -> dict[str, int]:
    return {name: total.get(name, 0) + one.get(name, 0) for name in dict.fromkeys((*total, *one))}


@dataclass(frozen=True, slots=True)
class ListedFile:
    """What checks across files know of one file that was read."""

    file: FleetFile
    sha256: str
    coverage: Coverage


def check_across(folder: FleetFolder, listed: Sequence[ListedFile], sample_size: int) -> tuple[CheckResult, ...]:
    """Run the checks across files; those that need a conversation file are skipped where no tenant has one."""
    with _rolled_up(folder, listed) as connection:
        missing = {}
        if not any(each.file.timeline for each in listed):
            missing["timeline"] = "no tenant has a conversation file"
        if connection.execute("SELECT count(*) FROM tenants WHERE ledger_version <> ''").fetchone() == (0,):
            missing["ledger"] = "no file holds a migration ledger"
        return tuple(run_checks(connection, fleet_catalog(), Blocked(missing), sample_size=sample_size))


@contextmanager
def _rolled_up(folder: FleetFolder, listed: Sequence[ListedFile]) -> Iterator[duckdb.DuckDBPyConnection]:
    with PrivateFolder() as private:
        configuration: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": "1GB",
            "temp_directory": str(private / "spill"),
        }
        with duckdb.connect(str(private / "fleet.duckdb"), config=configuration) as connection:
            fill_tables(connection, folder, listed)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            create_findings(connection)
            yield connection


def fill_tables(connection: duckdb.DuckDBPyConnection, folder: FleetFolder, listed: Sequence[ListedFile]) -> None:
    """Create and fill what checks across files read."""
    connection.execute(_text("tables"))
    if not listed:
        return
    rows = [
        (
            each.file.tenant,
            each.file.store or each.file.tenant,
            each.file.path,
            each.sha256,
            each.coverage.runtime_known,
            each.coverage.inference_known,
            str(folder.place_of(each.file)),
        )
        for each in listed
    ]
    tenants, stores, paths, digests, runtimes, inferences, places = (list(column) for column in zip(*rows, strict=True))
    connection.execute("INSERT INTO places SELECT unnest($1), unnest($2), unnest($3)", [tenants, stores, places])
    connection.execute(_text("listed"), [tenants, stores, paths, digests, runtimes, inferences])
    for name in (FILE_FACTS, TURN_KEYS, CONVERSATION_KEYS):
        connection.execute(_text(Path(name).stem), [[f"{place}/{name}" for place in places]])


def _text(name: str) -> str:
    return render((_SQL / f"{name}.sql").read_text(encoding="utf-8"))
