"""Whether the folder of a comparison, and the two files it is about, are still as its certificate says."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.certificates.certificate import (
    CERTIFICATE_FILE,
    SIGNATURE_FILE,
    Certificate,
    parse_certificate,
    read_certificate_bytes,
)
from audit.certificates.digest import digest
from audit.certificates.parquet_hash import hash_in_child
from audit.certificates.verification.comparison import Comparison, agree, compare, differs, unknown
from audit.certificates.verification.run_verification import Demand, Verification
from audit.certificates.verification.signature_verification import verify_signature
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.diff.pair_folder import CONTRACT_FILE, DIGEST_MODULE, certificate_of
from audit.diff.pair_page import pair_renderer_version, render_pair_page
from audit.diff.pair_record import COLUMNS, ROWS_SHOWN, record_text
from audit.diff.pair_result import CHANGES
from audit.errors import MissingFileError
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import read_bounded
from audit.processes.children import Child, ChildError
from audit.report.run_folder import HTML_FILE, RESULTS_FILE, RESULTS_LIMIT_BYTES
from audit.results.comparison_verdict import CLAIM, contradiction

DEMANDED = (RESULTS_FILE, HTML_FILE, FINDINGS_PARQUET)
ROLES = ("before", "after")
PAGE = "made again from the run"


def verify_pair(folder: Path, given: Mapping[str, Path], demand: Demand) -> Verification:
    """Compare the folder of a comparison and its two files with its certificate.

    Parameters
    ----------
    given
        Where ``before`` and ``after`` lie now; by default where they lay.

    Raises
    ------
    InputFileError
        There is no certificate that can be read, or a given file is missing.
    """
    text = read_certificate_bytes(folder)
    certificate = parse_certificate(folder / CERTIFICATE_FILE, text)
    for path in given.values():
        if not path.exists():
            raise MissingFileError(path)
    comparisons = [*_compare_folder(folder, text, certificate), *_verify_inputs(certificate, given, demand.without)]
    signature = verify_signature(folder, text, demand.signers, demand.identity, datetime.now(UTC))
    if signature.comparison is not None:
        comparisons.append(signature.comparison)
    return Verification(certificate, tuple(comparisons), signature, demand.without)


def verify_pair_folder(folder: Path) -> tuple[Comparison, ...]:
    """What can be told without the two files."""
    text = read_certificate_bytes(folder)
    return tuple(_compare_folder(folder, text, parse_certificate(folder / CERTIFICATE_FILE, text)))


def _compare_folder(folder: Path, text: bytes, certificate: Certificate) -> list[Comparison]:
    results = read_bounded(folder / RESULTS_FILE, RESULTS_LIMIT_BYTES)
    record: dict[str, Any] = json.loads(results)
    return [
        *agree(CERTIFICATE_FILE, "form", [] if certificate.to_json_text().encode() == text else [_FORM]),
        *_verify_files(certificate, folder, _demanded(record)),
        *agree(RESULTS_FILE, "form", [] if record_text(record).encode() == results else [_FORM]),
        *_verify_record(certificate, record),
        *_verify_contract(certificate, record),
        *agree(RESULTS_FILE, "in itself", list(_contradictions(record))),
        _verify_page(certificate, record, folder),
        _verify_findings(record, folder),
    ]


_FORM = "it is not as turntruth writes it"


def _demanded(record: Mapping[str, Any]) -> tuple[str, ...]:
    return (*DEMANDED, CONTRACT_FILE) if _has_verdict(record) else DEMANDED


def _has_verdict(record: Mapping[str, Any]) -> bool:
    return not (record.get("contract") or {"is_built_in": True}).get("is_built_in", False)


def _verify_files(certificate: Certificate, folder: Path, demanded: Sequence[str]) -> Iterator[Comparison]:
    for name in demanded:
        if name not in certificate.report:
            yield differs(name, "bytes", "every comparison has it, but the certificate does not name it")
    for name, sha256 in certificate.report.items():
        if Path(name).name != name or name not in demanded:
            yield differs(name, "bytes", "the certificate names it, but no comparison has a file of that name")
            continue
        try:
            yield compare(name, "bytes", sha256, digest(str(folder / name))[0])
        except OSError as error:
            yield unknown(name, "bytes", f"it cannot be looked at: {error.strerror or error}")
    for entry in sorted(folder.iterdir()):
        if entry.name not in {*demanded, CERTIFICATE_FILE, SIGNATURE_FILE}:
            yield compare(entry.name, "bytes", "missing", "a file that the run did not have")


def _verify_record(certificate: Certificate, record: Mapping[str, Any]) -> Iterator[Comparison]:
    """Everything that the certificate repeats of the results, in one go: it is made of them again."""
    try:
        made = certificate_of(record, certificate.report)
    except (KeyError, TypeError, AttributeError) as error:
        yield unknown(RESULTS_FILE, "contents", f"it lacks what every comparison has ({error})")
        return
    for name in ("run_id", "verdict", "finished_at", "versions", "files", "checks_sha256"):
        yield compare(RESULTS_FILE, name, str(getattr(certificate, name)), str(getattr(made, name)))


def _verify_contract(certificate: Certificate, record: Mapping[str, Any]) -> Iterator[Comparison]:
    """The contract that was kept is the one by which was judged."""
    if _has_verdict(record):
        judged_by = str(record["contract"].get("sha256", ""))
        yield compare(CONTRACT_FILE, "judged by", judged_by, certificate.report.get(CONTRACT_FILE, "missing"))


def _contradictions(record: Mapping[str, Any]) -> Iterator[str]:
    """What results.json says twice, and differently."""
    try:
        changes = (CLAIM, *CHANGES) if record.get("contract") is not None else CHANGES
        totals = {change: sum(record["counts"][change].values()) for change in changes}
        rows, problem = record["findings"]["rows"], contradiction(record)
        shown = Counter(each["change"] for each in record["sample"])
    except (KeyError, TypeError, AttributeError) as error:
        yield f"it lacks what every comparison has ({error})"
        return
    if sum(totals.values()) != rows:
        yield f"its counts are {sum(totals.values())} findings, and it says that there are {rows}"
    if any(shown[change] != min(totals[change], ROWS_SHOWN) for change in changes):
        yield "it shows another number of findings than it counts"
    if problem:
        yield problem


def _verify_page(certificate: Certificate, record: Mapping[str, Any], folder: Path) -> Comparison:
    try:
        made = hashlib.sha256(render_pair_page(record).encode(errors="replace")).hexdigest()
        found = digest(str(folder / HTML_FILE))[0]
    except Exception as error:  # noqa: BLE001  what a stranger wrote may break the page in any way
        return unknown(HTML_FILE, PAGE, f"no page can be made of this run ({type(error).__name__}: {error})")
    if certificate.renderer == pair_renderer_version():
        return compare(HTML_FILE, PAGE, made, found)
    return unknown(HTML_FILE, PAGE, "it was made by another renderer. Verify it with the version that wrote it")


def _verify_findings(record: Mapping[str, Any], folder: Path) -> Comparison:
    (found,) = hash_in_child([(folder / FINDINGS_PARQUET, COLUMNS)])
    if found.problem:
        return unknown(FINDINGS_PARQUET, "rows as results.json counts them", f"it cannot be read: {found.problem}")
    wanted = record.get("findings", {})
    told = f"{wanted.get('rows')} rows, {wanted.get('hash')}"
    return compare(FINDINGS_PARQUET, "rows as results.json counts them", told, f"{found.rows} rows, {found.hash}")


def _verify_inputs(
    certificate: Certificate, given: Mapping[str, Path], without: frozenset[str]
) -> Iterator[Comparison]:
    roles = tuple(entry.role for entry in certificate.files)
    if roles != ROLES:
        yield differs(CERTIFICATE_FILE, "files", f"wanted {' and '.join(ROLES)}, found {', '.join(roles) or 'none'}")
    for role in sorted({*given, *without} - {*roles}):
        yield unknown(role, "bytes", f"the comparison had no {role}")
    for entry in certificate.files:
        if entry.role in without:
            continue
        if not entry.sha256:
            yield unknown(entry.role, "bytes", entry.problem or "this run did not keep its SHA-256")
            continue
        path = given.get(entry.role, Path(entry.path))
        try:
            with PrivateFolder() as folder, Child(DIGEST_MODULE, [str(path.absolute())], folder) as child:
                yield compare(entry.role, "bytes", entry.sha256, child.finish().split()[0])
        except ChildError as error:
            where = f"say where it lies now with --input {entry.role}=PATH"
            yield unknown(entry.role, "bytes", f"{path}: {error.said}; {where}")
