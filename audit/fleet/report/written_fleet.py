"""What a run over a fleet leaves in its folder beside the outcomes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from audit.certificates.certificate import (
    CERTIFICATE_FILE,
    SIGNATURE_FILE,
    Certificate,
    FileCertificate,
    hash_checks,
)
from audit.certificates.digest import digest
from audit.errors import InputFileError
from audit.files.permissions import PRIVATE
from audit.files.regular_file import read_bounded
from audit.files.whole_file import write_whole
from audit.fleet.fleet_folder import CATALOGUE_FILE, LIMIT_BYTES, MANIFEST_FILE, OUTCOMES, FleetFolder
from audit.fleet.fleet_result import FleetResult
from audit.fleet.report.fleet_page import fleet_renderer_version, render_fleet
from audit.fleet.report.tenants_csv import render_tenants_csv
from audit.report.summary import headline
from audit.results.run_kind import FLEET_HISTORY, FLEET_RESULT, FLEET_TENANTS

RESULT_FILE = FLEET_RESULT
PAGE_FILE = "index.html"
TENANTS_FILE = FLEET_TENANTS
DEMANDED = (RESULT_FILE, PAGE_FILE, TENANTS_FILE, MANIFEST_FILE, CATALOGUE_FILE)
"""What the certificate of every fleet names, beside the outcomes."""
HISTORY_FILE = FLEET_HISTORY
"""One line a run over this fleet, the oldest first; no part of the certificate, for it grows."""


def write_fleet(folder: FleetFolder, result: FleetResult) -> None:
    """Write result, page, table and, last, the certificate; `OSError` if the disk is full.

    The certificate of the run before goes first, and its signature: what lies here without one is not complete.
    """
    for name in (CERTIFICATE_FILE, SIGNATURE_FILE):
        (folder.path / name).unlink(missing_ok=True)
    texts = {
        RESULT_FILE: result.to_json_text(),
        PAGE_FILE: render_fleet(result),
        TENANTS_FILE: render_tenants_csv(result),
    }
    for name, text in texts.items():
        write_whole(folder.path / name, text, PRIVATE)
    write_whole(folder.path / HISTORY_FILE, _history(folder, result), PRIVATE)
    report = {name: digest(str(folder.path / name))[0] for name in sorted(_certified(folder, result))}
    certificate = certificate_of(result, report, fleet_renderer_version())
    write_whole(folder.path / CERTIFICATE_FILE, certificate.to_json_text(), PRIVATE)


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


def certificate_of(result: FleetResult, report: Mapping[str, str], renderer: str) -> Certificate:
    """The certificate of a run whose files have these hashes, by their names from the folder on."""
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
        report=report,
        renderer=renderer,
    )


def _certified(folder: FleetFolder, result: FleetResult) -> Iterator[str]:
    """Names of the files that the certificate vouches for, from the folder on."""
    yield from DEMANDED
    for row in result.tenants:
        place = folder.outcomes / row.place
        if place.is_dir():
            yield from (f"{OUTCOMES}/{row.place}/{entry.name}" for entry in place.iterdir())
