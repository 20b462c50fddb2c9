"""What a run over a fleet leaves in its folder beside the outcomes, and whether all of it is still so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.certificates.certificate import CERTIFICATE_FILE, Certificate, FileCertificate, hash_checks
from audit.certificates.digest import digest
from audit.errors import InputFileError
from audit.files.permissions import PRIVATE
from audit.files.regular_file import read_bounded
from audit.files.whole_file import write_whole
from audit.fleet.fleet_folder import CATALOGUE_FILE, LIMIT_BYTES, MANIFEST_FILE, OUTCOMES, FleetFolder
from audit.fleet.fleet_result import FleetResult
from audit.fleet.report.fleet_page import render_fleet
from audit.fleet.report.tenants_csv import render_tenants_csv
from audit.report.summary import headline
from audit.results.record_json import RecordFormatError, plain, read_record
from audit.results.run_kind import FLEET_HISTORY, FLEET_RESULT, FLEET_TENANTS

RESULT_FILE = FLEET_RESULT
PAGE_FILE = "index.html"
TENANTS_FILE = FLEET_TENANTS
HISTORY_FILE = FLEET_HISTORY
"""One line a run over this fleet, the oldest first; no part of the certificate, for it grows."""


def write_fleet(folder: FleetFolder, result: FleetResult) -> None:
    """Write result, page, table and, last, the certificate; `OSError` if the disk is full.

    The certificate of the run before goes first: what lies here without one is not complete.
    """
    (folder.path / CERTIFICATE_FILE).unlink(missing_ok=True)
    texts = {
        RESULT_FILE: result.to_json_text(),
        PAGE_FILE: render_fleet(result),
        TENANTS_FILE: render_tenants_csv(result),
    }
    for name, text in texts.items():
        write_whole(folder.path / name, text, PRIVATE)
    write_whole(folder.path / HISTORY_FILE, _history(folder, result), PRIVATE)
    write_whole(folder.path / CERTIFICATE_FILE, _certificate(folder, result).to_json_text(), PRIVATE)


def read_fleet(folder: FleetFolder) -> FleetResult:
    """The result of the last complete run.

    Raises
    ------
    InputFileError
        There is none.
    RecordFormatError
        It is damaged, or of another version.
    """
    return FleetResult.from_json_text(_read(folder.path / RESULT_FILE))


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, LIMIT_BYTES)
    except OSError as error:
        remedy = "Name the folder of a fleet whose run has ended, or `turntruth fleet resume` it"
        raise InputFileError(path, error.strerror or str(error), remedy) from error


def _history(folder: FleetFolder, result: FleetResult) -> str:
    path = folder.path / HISTORY_FILE
    earlier = path.read_text(encoding="utf-8") if path.is_file() else ""
    line = {
        "run_id": result.run_id,
        "finished_at": result.total.finished_at,
        "verdict": str(result.verdict),
        "headline": headline(result.total),
        "tenants": len(result.tenants),
        "reused": sum(row.how == "reused" for row in result.tenants),
        "by_verdict": {str(word): len(result.of(word)) for word in sorted({row.verdict for row in result.tenants})},
        "turns": result.total.coverage.turns,
        "runtime_known": result.total.coverage.runtime_known,
        "findings": sum(check.open_findings for check in result.total.checks),
    }
    return earlier + json.dumps(line) + "\n"


def _certificate(folder: FleetFolder, result: FleetResult) -> Certificate:
    files = tuple(
        FileCertificate(entry.role, entry.path, entry.size_bytes, entry.rows, entry.sha256)
        for row in result.tenants
        for entry in row.inputs
    )
    return Certificate(
        run_id=result.run_id,
        verdict=result.verdict,
        finished_at=result.total.finished_at,
        checks_sha256=hash_checks(result.total.checks),
        versions=result.total.versions,
        files=files,
        report={name: digest(str(folder.path / name))[0] for name in sorted(_certified(folder, result))},
    )


def _certified(folder: FleetFolder, result: FleetResult) -> Iterator[str]:
    """Names of the files that the certificate vouches for, from the folder on."""
    yield from (RESULT_FILE, PAGE_FILE, TENANTS_FILE, MANIFEST_FILE, CATALOGUE_FILE)
    for row in result.tenants:
        place = folder.outcomes / row.place
        if place.is_dir():
            yield from (f"{OUTCOMES}/{row.place}/{entry.name}" for entry in place.iterdir())


@dataclass(frozen=True, slots=True)
class FleetVerification:
    """What was found: sentences, of what was written and of the files that were read; unread ones apart."""

    run_id: str
    verdict: str
    report: tuple[str, ...]
    changed: tuple[str, ...]
    unreadable: tuple[str, ...]
    files: int

    @property
    def exit_code(self) -> int:
        """0 all is as it was, 1 something differs, 3 something cannot be looked at."""
        if self.report or self.changed:
            return 1
        return 3 if self.unreadable else 0


def verify_fleet(folder: FleetFolder) -> FleetVerification:
    """Hash everything again that the certificate names, and make the page again.

    Raises
    ------
    InputFileError
        There is no certificate.
    RecordFormatError
        It cannot be read.
    """
    certificate = read_record(Certificate, _json(_read(folder.path / CERTIFICATE_FILE)))
    report = [*_differing(folder, certificate)]
    if not report:
        result = read_fleet(folder)
        if hashlib.sha256(render_fleet(result).encode()).hexdigest() != certificate.report.get(PAGE_FILE):
            report.append(f"{PAGE_FILE}: it does not follow from {RESULT_FILE}, or another version wrote it")
        if str(result.verdict) != certificate.verdict:
            report.append(f"{RESULT_FILE}: its verdict is {result.verdict}, the certificate says {certificate.verdict}")
    changed, unreadable = [], []
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
        tuple(report),
        tuple(changed),
        tuple(unreadable),
        len(certificate.files),
    )


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError as error:
        raise RecordFormatError(CERTIFICATE_FILE, "JSON", str(error)) from error


def _differing(folder: FleetFolder, certificate: Certificate) -> Iterator[str]:
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
    document: dict[str, object] = plain(verification)
    return document
