"""Whether reports in other forms, which lie anywhere, are those of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.certificates.certificate import Certificate
from audit.certificates.digest import digest
from audit.certificates.verification.comparison import Comparison, Outcome, compare, unknown
from audit.report.outputs import OUTPUTS
from audit.report.renderer import renderer_version
from audit.report.run_folder import FINDINGS_FILE
from audit.report.targets import Target
from audit.results.findings_csv import read_findings
from audit.results.records import AuditResult


def verify_reports(
    targets: Sequence[Target], certificate: Certificate, result: AuditResult | None, folder: Path
) -> Iterator[Comparison]:
    """Make each report again from the run and compare its bytes."""
    for target in targets:
        yield _verify_report(target, certificate, result, folder)


def _verify_report(target: Target, certificate: Certificate, result: AuditResult | None, folder: Path) -> Comparison:
    subject, aspect = str(target.path), f"{target.format} made again from the run"
    if result is None:
        return unknown(subject, aspect, "the results of the run cannot be read")
    try:
        found = digest(str(target.path))[0]
    except OSError as error:
        return unknown(subject, aspect, f"it cannot be looked at: {error.strerror or error}")
    try:
        text = OUTPUTS[target.format].render(result, read_findings(folder / FINDINGS_FILE))
    except Exception as error:  # noqa: BLE001  results that a stranger wrote may break a renderer in any way
        return unknown(subject, aspect, f"it cannot be made again ({type(error).__name__}: {error})")
    compared = compare(subject, aspect, hashlib.sha256(text.encode(errors="replace")).hexdigest(), found)
    if compared.outcome is Outcome.DIFFERS and certificate.renderer != renderer_version():
        return unknown(subject, aspect, "the run is of another version of turntruth, whose reports may differ")
    return compared
