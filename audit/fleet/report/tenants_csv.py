"""``tenants.csv``: one line a tenant, quoted and escaped as ``findings.csv`` is."""

from __future__ import annotations

import csv
import io

from audit.fleet.fleet_result import FleetResult, TenantRow
from audit.results.findings_csv import escape_formula, escape_nul

COLUMNS = (
    "tenant", "path", "verdict", "how", "turns", "runtime_known", "inference_known", "critical", "warning", "info",
    "error", "store", "cause", "before", "contract",
)  # fmt: skip


def render_tenants_csv(result: FleetResult) -> str:
    """The text of the file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([escape_nul(escape_formula(str(cell))) for cell in _cells(row)] for row in result.tenants)
    return stream.getvalue()


def _cells(row: TenantRow) -> tuple[object, ...]:
    counts = [row.findings.get(word, 0) for word in ("critical", "warning", "info")]
    known = (row.coverage.turns, row.coverage.runtime_known, row.coverage.inference_known)
    cause = row.causes[0].sentence if row.causes else ""
    return (
        row.tenant,
        row.path,
        row.verdict,
        row.how,
        *known,
        *counts,
        row.error,
        row.store,
        cause,
        row.before,
        row.contract,
    )
