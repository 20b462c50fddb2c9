"""Whether a report is still true of its files: what was certified beside what lies there now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audit.certificates.certificate import CERTIFICATE_FILE, FileCertificate, read_certificate
from audit.errors import AuditError
from audit.runs.served.file_hashes import FileHashes
from audit.runs.served.run_file import RunFiles

_SQLITE = ("turns", "timeline", "baseline", "before", "after")


class Truth(StrEnum):
    """What can be said of a report and a file."""

    NO_LONGER = "no longer true"
    NOT_KNOWN = "cannot be told"
    BEING_READ = "is being looked at; load this page again"
    STILL = "still true"


@dataclass(frozen=True, slots=True)
class FileTruth:
    """The same of one file, with the reason."""

    role: str
    path: str
    truth: Truth
    reason: str = ""


def files_of(run_files: RunFiles, run_id: str, hashes: FileHashes, wait_s: float) -> tuple[FileTruth, ...]:
    """Each file that a run is about, looked at for so long at most."""
    folder = run_files.reports / run_id
    if not run_files.may_be_read(folder / CERTIFICATE_FILE):
        return (FileTruth("", "", Truth.NOT_KNOWN, f"{CERTIFICATE_FILE} is a database that this server shows"),)
    try:
        certificate = read_certificate(folder)
    except AuditError as error:
        return (FileTruth("", "", Truth.NOT_KNOWN, str(error)),)
    return tuple(_files(certificate.files, hashes, wait_s))


def of_all(files: Iterable[FileTruth]) -> Truth:
    """The worst that is to be said of any of the files."""
    found = {each.truth for each in files}
    return next((truth for truth in Truth if truth in found), Truth.NOT_KNOWN)


def _files(files: Iterable[FileCertificate], hashes: FileHashes, wait_s: float) -> Iterator[FileTruth]:
    for each in files:
        truth, reason = _look(each, hashes, wait_s)
        yield FileTruth(each.role, each.path, truth, reason)


def _look(certified: FileCertificate, hashes: FileHashes, wait_s: float) -> tuple[Truth, str]:
    path = Path(certified.path)
    if not certified.sha256:
        return Truth.NOT_KNOWN, certified.problem or "no hash of it was certified"
    try:
        size_bytes = path.stat().st_size
        found = hashes.of(path, wait_s) if size_bytes == certified.size_bytes else ""
        log = Path(f"{path}-wal")
        has_log = certified.role in _SQLITE and log.exists() and log.stat().st_size > 0
    except (OSError, ValueError) as error:
        return Truth.NOT_KNOWN, getattr(error, "strerror", None) or str(error)
    if found is None:
        return Truth.BEING_READ, ""
    if found != certified.sha256:
        grown = f": it had {certified.size_bytes:,} bytes, and now has {size_bytes:,}" if not found else ""
        return Truth.NO_LONGER, f"it has changed since it was audited{grown}"
    if has_log:
        return Truth.NOT_KNOWN, "what was written to it since may still be in its log (-wal)"
    return Truth.STILL, ""
