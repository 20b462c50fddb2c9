"""The whole page of one tenant: the run folder that a single audit or comparison of its files would have written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb

from audit.certificates.certificate import write_certificate
from audit.checks.runner import FINDING_COLUMNS
from audit.files.private_folder import PrivateFolder
from audit.fleet.errors import FleetError
from audit.fleet.fleet_folder import FINDINGS_FILE, FleetFolder
from audit.fleet.report.tenant_comparison import write_comparison
from audit.fleet.report.tenant_files import certify, write_tables
from audit.great_expectations.validation_process import Judge
from audit.report import run_folder
from audit.results.records import AuditResult, Finding

FETCH_ROWS = 2_000


class UnknownTenantError(FleetError):
    """The fleet has no such tenant, or its file could not be read."""

    exit_code = 2

    def __init__(self, tenant: str, problem: str) -> None:
        self.tenant = tenant
        self.problem = problem
        super().__init__(f"tenant {tenant!r}: {problem}")


def write_tenant(folder: FleetFolder, tenant: str, out_dir: Path, run_id: str = "") -> tuple[AuditResult, Path]:
    """Judge the outcome of one tenant and write its run into ``out_dir``; returns the result and the run's folder.

    Raises
    ------
    UnknownTenantError
        There is no outcome that says anything.
    RunWriteError, PairWriteError
        The disk is full, or the folder cannot be written to.
    """
    files, _ = folder.read_request()
    file = next((each for each in files if each.tenant == tenant), None)
    if file is None:
        raise UnknownTenantError(tenant, "the manifest of this fleet does not list it. tenants.csv has the names")
    outcome = folder.read_outcome(file, folder.read_checks())
    if outcome is None or outcome.result is None:
        said = outcome.error if outcome is not None else "it has no outcome. Run `turntruth fleet resume`"
        raise UnknownTenantError(tenant, said)
    run_id = run_folder.check_run_id(run_id or run_folder.new_run_id())
    if file.is_pair:
        return outcome.result, write_comparison(folder.place_of(file), out_dir, run_id)
    with Judge() as judge:
        judged = judge.judge(outcome.result.checks)
    result = replace(outcome.result, run_id=run_id, checks=judged)
    place = folder.place_of(file)
    with PrivateFolder() as private:
        return result, run_folder.write_run(
            result,
            out_dir,
            read_tenant_findings(place / FINDINGS_FILE),
            write_tables(place, private),
            seal=partial(write_certificate, result, certify(result, private)),
        )


def read_tenant_findings(path: Path) -> Iterator[Finding]:
    """The findings of one outcome in their order; none where there is no file."""
    if not path.exists():
        return
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}"' for name in FINDING_COLUMNS)
        reader = connection.execute(f"SELECT {columns} FROM read_parquet(?)", [str(path)])
        while rows := reader.fetchmany(FETCH_ROWS):
            for row in rows:
                yield Finding(*row)
