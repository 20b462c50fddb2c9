"""Whether everything that a run over a fleet wrote, and every file that it read, is still as its certificate says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from audit.certificates.certificate import CERTIFICATE_FILE, Certificate, parse_certificate
from audit.certificates.digest import digest
from audit.certificates.verification.comparison import Comparison, Outcome, agree, unknown
from audit.certificates.verification.signature_verification import SignatureReport, verify_signature
from audit.errors import InputFileError
from audit.files.regular_file import read_bounded
from audit.fleet.fleet_folder import LIMIT_BYTES, OUTCOMES, FleetFolder
from audit.fleet.report.fleet_page import fleet_renderer_version, render_fleet
from audit.fleet.report.tenants_csv import render_tenants_csv
from audit.fleet.report.written_fleet import (
    DEMANDED,
    PAGE_FILE,
    RESULT_FILE,
    TENANTS_FILE,
    certificate_of,
    read_fleet,
)
from audit.results.record_json import plain


@dataclass(frozen=True, slots=True)
class FleetVerification:
    """What was found: sentences, of what was written and of the files that were read; unread ones apart."""

    run_id: str
    verdict: str
    report: tuple[str, ...]
    changed: tuple[str, ...]
    unreadable: tuple[str, ...]
    files: int
    signature: SignatureReport

    @property
    def exit_code(self) -> int:
        """0 all is as it was, 1 something differs, 3 something cannot be looked at."""
        signed = self.signature.comparison.outcome if self.signature.comparison else Outcome.SAME
        if self.report or self.changed or signed is Outcome.DIFFERS:
            return 1
        return 3 if self.unreadable or signed is Outcome.UNKNOWN else 0


def verify_fleet(folder: FleetFolder, signers: Path | None = None, identity: str = "") -> FleetVerification:
    """Hash everything again that the certificate names, and make the page again.

    Parameters
    ----------
    signers
        File of allowed signers, one of whom must have signed; None asks for no signature.
    identity
        Who must have signed, '' for the only one to whom the key belongs.

    Raises
    ------
    InputFileError
        There is no certificate, or ``signers`` cannot be read.
    CertificateError
        It cannot be read.
    """
    text = read_fleet_certificate(folder.path)
    certificate = parse_certificate(folder.path / CERTIFICATE_FILE, text)
    report, untold = _look_at_report(folder, certificate, text)
    changed: list[str] = []
    unreadable = list(untold)
    for file in certificate.files:
        try:
            now = digest(file.path)[0]
        except OSError as error:
            unreadable.append(f"{file.path}: {error.strerror or error}")
            continue
        if not file.sha256:
            unreadable.append(f"{file.path}: it was written to while it was audited, so it has no hash to compare")
        elif now != file.sha256:
            changed.append(f"{file.path}: its bytes have changed since the audit")
    return FleetVerification(
        certificate.run_id,
        certificate.verdict,
        report,
        tuple(changed),
        tuple(unreadable),
        len(certificate.files),
        verify_signature(folder.path, text, signers, identity, datetime.now(UTC)),
    )


def verify_fleet_folder(path: Path) -> tuple[Comparison, ...]:
    """What can be told without the files that the fleet is about."""
    text = read_fleet_certificate(path)
    certificate = parse_certificate(path / CERTIFICATE_FILE, text)
    report, untold = _look_at_report(FleetFolder(path), certificate, text)
    return (
        *agree("the fleet", "as certified", list(report)),
        *(unknown(PAGE_FILE, _MADE_AGAIN, each) for each in untold),
    )


def read_fleet_certificate(path: Path) -> bytes:
    """The bytes of the certificate: one of many files is longer than that of any single run."""
    try:
        return read_bounded(path / CERTIFICATE_FILE, LIMIT_BYTES)
    except OSError as error:
        remedy = "Name the folder of a fleet whose run has ended, or `turntruth fleet resume` it"
        raise InputFileError(path / CERTIFICATE_FILE, error.strerror or str(error), remedy) from error


_MADE_AGAIN = "made again from the run"


def _look_at_report(folder: FleetFolder, certificate: Certificate, text: bytes) -> tuple[tuple[str, ...], list[str]]:
    """Sentences on what is not as certified, and on what cannot be told."""
    report = [*_differing(folder, certificate)]
    if not _has_form(certificate, text):
        report.append(f"{CERTIFICATE_FILE}: it is not as turntruth writes it")
    if report:
        return tuple(report), []
    result = read_fleet(folder)
    if certificate_of(result, certificate.report, certificate.renderer) != certificate:
        report.append(f"{CERTIFICATE_FILE}: it does not follow from {RESULT_FILE}")
    untold = []
    for name, made in ((PAGE_FILE, render_fleet(result)), (TENANTS_FILE, render_tenants_csv(result))):
        if hashlib.sha256(made.encode()).hexdigest() == certificate.report[name]:
            continue
        if certificate.renderer == fleet_renderer_version():
            report.append(f"{name}: it does not follow from {RESULT_FILE}")
        else:
            turntruth = certificate.versions.get("turntruth", "?")
            untold.append(
                f"{name}: another renderer made it, that of turntruth {turntruth}: verify it with that version"
            )
    return tuple(report), untold


def _has_form(certificate: Certificate, text: bytes) -> bool:
    written = certificate.to_json_text()
    if certificate.renderer != fleet_renderer_version():
        # Another version may know other members.
        written = json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    return written.encode() == text


def _differing(folder: FleetFolder, certificate: Certificate) -> Iterator[str]:
    for name in DEMANDED:
        if name not in certificate.report:
            yield f"{name}: every fleet has it, but the certificate does not name it"
    for name, sha256 in certificate.report.items():
        path = folder.path / name
        if not path.resolve().is_relative_to(folder.path.resolve()):
            yield f"{name}: it lies outside of the fleet's folder"
            continue
        try:
            if digest(str(path))[0] != sha256:
                yield f"{name}: it was changed after it was written"
        except OSError as error:
            yield f"{name}: {error.strerror or error}"
    listed = set(certificate.report)
    for place in sorted(folder.outcomes.iterdir()):
        if not place.name.startswith("."):
            added = {f"{OUTCOMES}/{place.name}/{entry.name}" for entry in place.iterdir()} - listed
            yield from (f"{name}: the certificate does not know it" for name in sorted(added))


def verification_to_json(verification: FleetVerification) -> dict[str, object]:
    """Plain values for any JSON writer."""
    signature = verification.signature
    document: dict[str, object] = plain(replace(verification, signature=replace(signature, comparison=None)))
    return document | {
        "signature": {"state": signature.state, "key": signature.key, "identity": signature.identity}
    }  # fmt: skip
