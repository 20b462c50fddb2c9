"""``certificate.json``: what exactly was audited and what came of it, so that anybody can find out later what changed.

It names the audited files by the SHA-256 of their bytes and, for turn and conversation files, by hashes of what they
say (`audit.certificates.content_hash` defines them), every file of the run by the SHA-256 of its bytes, and the checks
by one hash: the SHA-256 of the lines ``suite/check severity sql_sha256`` of results.json, sorted, each ended by a line
feed.

It is no signature: whoever can rewrite the run can rewrite its certificate. One can be put beside it
(`audit.certificates.signature`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from audit.certificates.digest import digest
from audit.errors import InputFileError
from audit.files.regular_file import read_bounded
from audit.processes.children import Child, ChildError
from audit.report.renderer import renderer_version
from audit.report.run_folder import RESULTS_FILE
from audit.results.record_json import RecordFormatError, plain, read_record
from audit.results.records import AuditResult, CheckResult, Counts, InputFile
from audit.staging.access import Access

CERTIFICATE_FILE = "certificate.json"
SIGNATURE_FILE = "certificate.json.sig"
CERTIFICATE_LIMIT_BYTES = 16 << 20
CERTIFICATE_VERSION = 1
CONTENT_MODULE = "audit.certificates.content_hash"
IN_MOTION = "the file was written to while it was audited, so no hash can stand for what was read"


class CertificateError(InputFileError):
    """There is a certificate, but it cannot be read: nothing can be told of the run."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class FileCertificate:
    """One audited database."""

    role: Annotated[str, "turns, timeline or baseline."]
    path: Annotated[str, "Where it lay."]
    size_bytes: Annotated[int, "Size of the file."]
    rows: Annotated[Counts, "Row count by table."]
    sha256: Annotated[str, "Hex SHA-256 over the bytes of the file; '' if it was written to meanwhile."] = ""
    schema_sha256: Annotated[str, "Hash of the definitions of all its objects."] = ""
    content_sha256: Annotated[str, "Hash of the rows without the two attribution columns."] = ""
    attribution_sha256: Annotated[str, "Hash of the turns' ids with both attribution columns; '' without them."] = ""
    problem: Annotated[str, "Why hashes are missing, '' if none is."] = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One run."""

    run_id: Annotated[str, "Name of the run."]
    verdict: Annotated[str, "passed, failed or errored."]
    finished_at: Annotated[str, "End of the audit, UTC, ISO 8601."]
    checks_sha256: Annotated[str, "Hash of the checks that the run had."]
    versions: Annotated[Mapping[str, str], "Library to version."]
    files: Annotated[tuple[FileCertificate, ...], "The audited databases."]
    report: Annotated[Mapping[str, str], "File of the run to the hex SHA-256 of its bytes."]
    certificate_version: Annotated[int, "Version of this format."] = field(default=CERTIFICATE_VERSION)
    renderer: Annotated[str, "Which renderer made the page; '' in certificates of 0.1, which did not say."] = ""

    def to_json_text(self) -> str:
        """The text of ``certificate.json``."""
        return json.dumps(plain(self), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


class ContentHashing:
    """Hashes what the files say in a child process, beside the audit that has just let go of them."""

    def __init__(self, accesses: Mapping[str, Access], folder: Path, stack: ExitStack) -> None:
        self._accesses = dict(accesses)
        paths = [str(access.path.absolute()) for access in self._accesses.values()]
        # "--" because a path may look like an option.
        self._child = stack.enter_context(Child(CONTENT_MODULE, ["--", *paths], folder))

    def finish(self, inputs: Iterable[InputFile]) -> tuple[FileCertificate, ...]:
        """The certified files; one that changed since it was audited, or cannot be read to its end, has no hashes."""
        try:
            lines, problem = self._child.finish().splitlines(), ""
        except ChildError as error:
            lines, problem = [], f"its content cannot be hashed: {error.said}"
        contents = dict(zip(self._accesses, map(json.loads, lines), strict=False))
        return tuple(
            self._certify(entry, contents.get(entry.role), problem) for entry in inputs if entry.role in self._accesses
        )

    def _certify(self, entry: InputFile, content: Mapping[str, Any] | None, problem: str) -> FileCertificate:
        known = FileCertificate(entry.role, entry.path, entry.size_bytes, entry.rows)
        access = self._accesses[entry.role]
        if not entry.sha256 or not access.unchanged():
            return replace(known, problem=IN_MOTION)
        if content is None:
            return replace(known, sha256=entry.sha256, problem=problem)
        if _as_signature(content["signature"]) != access.signature:
            return replace(known, problem=IN_MOTION)
        return replace(
            known,
            sha256=entry.sha256,
            schema_sha256=str(content["schema_sha256"]),
            content_sha256=str(content["content_sha256"]),
            attribution_sha256=str(content["attribution_sha256"]),
        )


def _as_signature(document: Any) -> tuple[Any, ...]:
    """A signature as it was before it went through JSON."""
    return tuple(None if entry is None else tuple(entry) for entry in document)


def hash_checks(checks: Iterable[CheckResult]) -> str:
    """The hash that stands for the checks of a run, skipped ones included."""
    lines = sorted(f"{check.suite}/{check.check} {check.severity} {check.sql_sha256}\n" for check in checks)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_certificate(result: AuditResult, files: tuple[FileCertificate, ...], folder: Path) -> None:
    """Certify a run whose other files lie complete in ``folder``."""
    report = {entry.name: digest(str(entry))[0] for entry in sorted(folder.iterdir())}
    certificate = Certificate(
        run_id=result.run_id,
        verdict=result.verdict.value,
        finished_at=result.finished_at,
        checks_sha256=hash_checks(result.checks),
        versions=result.versions,
        files=files,
        report=report,
        renderer=renderer_version(),
    )
    (folder / CERTIFICATE_FILE).write_text(certificate.to_json_text(), encoding="utf-8")


def read_certificate(folder: Path) -> Certificate:
    """The certificate of the run in ``folder``.

    Raises
    ------
    InputFileError
        The folder is no run.
    CertificateError
        The certificate is missing, is no regular file, may not be read, is damaged, or of another version.
    """
    return parse_certificate(folder / CERTIFICATE_FILE, read_certificate_bytes(folder))


def read_certificate_bytes(folder: Path) -> bytes:
    """The bytes of ``certificate.json``, which a signature is over; the errors of :func:`read_certificate`."""
    path = folder / CERTIFICATE_FILE
    try:
        return read_bounded(path, CERTIFICATE_LIMIT_BYTES)
    except (FileNotFoundError, NotADirectoryError) as error:
        if (folder / RESULTS_FILE).exists():
            raise CertificateError(path, "the run has no certificate", "Audit again, or find it") from error
        remedy = "Name the folder of a run, as an audit printed it"
        raise InputFileError(path, error.strerror or str(error), remedy) from error
    except OSError as error:
        raise CertificateError(path, error.strerror or str(error), "Nothing can be told without it") from error


def parse_certificate(path: Path, text: bytes) -> Certificate:
    """Read the text of a certificate; ``path`` is for the messages. The errors of :func:`read_certificate`."""
    remedy = "Find a copy of it as it was written"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CertificateError(path, f"no JSON ({error})", remedy) from error
    version = document.get("certificate_version") if isinstance(document, dict) else None
    if version != CERTIFICATE_VERSION:
        problem = f"certificate_version is {version!r}, not {CERTIFICATE_VERSION}"
        raise CertificateError(path, problem, "Read it with the version of turntruth that wrote it")
    try:
        return read_record(Certificate, document)
    except RecordFormatError as error:
        problem = f"{error.where}: wanted {error.wanted}, found {error.found!r:.60}"
        raise CertificateError(path, problem, remedy) from error
