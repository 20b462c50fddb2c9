"""Whether the files that a run is about are still as they were certified."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from audit.certificates.certificate import CERTIFICATE_FILE, CONTENT_MODULE, Certificate, FileCertificate
from audit.certificates.digest import digest
from audit.certificates.parquet_hash import TableHash
from audit.certificates.verification.comparison import Comparison, Outcome, compare, differs, unknown
from audit.files.private_folder import PrivateFolder
from audit.processes.children import Child, ChildError
from audit.references.fingerprints import FINGERPRINTS_FILE
from audit.references.fingerprints import ROLE as AGAINST
from audit.results.records import AuditResult, InputFile

DIGEST_MODULE = "audit.certificates.digest"
DATABASES = ("turns", "timeline", "baseline")
API = "api"
ASPECTS = {
    "sha256": "bytes",
    "schema_sha256": "schema",
    "content_sha256": "content of the old columns",
    "attribution_sha256": "attribution",
}
"""Hash of a certified file to what it stands for."""


def verify_inputs(
    certificate: Certificate,
    result: AuditResult | None,
    seen: TableHash,
    given: Mapping[str, Path],
    without: frozenset[str],
) -> Iterator[Comparison]:
    """Every input that results.json or the certificate names; those in ``without`` are left out.

    ``seen`` is what the fingerprints of the run say.
    """
    inputs = {entry.role: entry for entry in result.inputs} if result is not None else {}
    certified = {entry.role: entry for entry in certificate.files}
    yield from _verify_roles(certificate, inputs if result is not None else None)
    known = {*inputs, *certified}
    for role in sorted({*given, *without} - known):
        yield unknown(role, "bytes", f"the audit had no {role}")
    is_redacted = result is not None and bool(result.redaction.method)
    for role, database in certified.items():
        if role in without:
            continue
        if is_redacted and role not in given:
            yield _nowhere(role)
        else:
            yield from _verify_database(database, given.get(role, Path(database.path)), None if is_redacted else seen)
    for role, entry in inputs.items():
        if role not in certified and role not in DATABASES and role not in without:
            is_nowhere = is_redacted and role not in given and role != API
            yield _nowhere(role) if is_nowhere else _verify_other(entry, given.get(role, Path(entry.path)))


def _nowhere(role: str) -> Comparison:
    problem = f"the run is redacted, so where it lay is not said; say so with --input {role}=PATH, or --without {role}"
    return unknown(role, "bytes", problem)


def _verify_roles(certificate: Certificate, inputs: Mapping[str, InputFile] | None) -> Iterator[Comparison]:
    """Whether the certificate names the databases that results.json names, and says the same of them."""
    roles = [entry.role for entry in certificate.files]
    for role in sorted({role for role in roles if roles.count(role) > 1}):
        yield differs(CERTIFICATE_FILE, role, "it is there twice")
    if "turns" not in roles:
        yield differs(CERTIFICATE_FILE, "turns", "no file of turns is named, and every audit has one")
    if inputs is None:
        return
    for role in sorted({*inputs, *roles} & {*DATABASES, *roles}):
        if role not in roles:
            yield differs(CERTIFICATE_FILE, role, "results.json names this file, and the certificate does not")
        elif role not in inputs:
            yield differs(CERTIFICATE_FILE, role, "the certificate names this file, and results.json does not")
    for entry in certificate.files:
        if entry.role in inputs:
            other = inputs[entry.role]
            # A file that changed between its audit and its certificate has lost its hash in the one only.
            sha256 = "" if entry.problem and not entry.sha256 else other.sha256
            yield compare(
                CERTIFICATE_FILE,
                f"{entry.role} as in results.json",
                _said(entry, entry.sha256),
                _said(other, sha256),
            )


def _said(entry: FileCertificate | InputFile, sha256: str) -> str:
    return json.dumps([entry.path, entry.size_bytes, sha256, dict(sorted(entry.rows.items()))])


def _verify_other(entry: InputFile, path: Path) -> Comparison:
    """An input that is no database: the fingerprints of an earlier run, a registry; an API keeps nothing to look at."""
    if entry.role == API:
        problem = f"what {entry.path} answered cannot be looked at again; leave it out with --without {API}"
        return unknown(entry.role, "bytes", problem)
    if not entry.sha256:
        return unknown(entry.role, "bytes", f"{entry.path}: this run did not keep its SHA-256")
    lies_at = path / FINGERPRINTS_FILE if entry.role == AGAINST else path
    try:
        return compare(entry.role, "bytes", entry.sha256, digest(str(lies_at))[0])
    except OSError as error:
        return unknown(entry.role, "bytes", _unreachable(entry.role, lies_at, error.strerror or str(error)))


def _unreachable(role: str, path: Path, problem: str) -> str:
    return f"{path}: {problem}; say where it lies now with --input {role}=PATH"


def _verify_database(certified: FileCertificate, path: Path, seen: TableHash | None) -> Iterator[Comparison]:
    """Without ``seen`` its turns are not held against the fingerprints, in which other ids stand for theirs."""
    found = _examine(certified.role, path)
    comparisons = list(_compare_hashes(certified, found))
    yield from comparisons
    if seen is not None and certified.role == "turns" and all(each.outcome is Outcome.SAME for each in comparisons):
        wanted = str(found["seen_sha256"])
        # '' where a cell is none that SQLite and DuckDB both hand out as it is; unreadable ones are told elsewhere.
        if wanted and not seen.problem:
            yield compare(FINGERPRINTS_FILE, "turns of the file", wanted, seen.hash)


def _compare_hashes(certified: FileCertificate, found: Mapping[str, Any]) -> Iterator[Comparison]:
    if certified.problem and certified.schema_sha256:
        yield differs(
            certified.role, "hashes", f"they are certified, and so is why there are none: {certified.problem}"
        )
    for name, aspect in ASPECTS.items():
        expected = getattr(certified, name)
        if certified.problem and not expected:
            yield unknown(certified.role, aspect, certified.problem)
        elif name not in found:
            yield Comparison(certified.role, aspect, Outcome.UNKNOWN, expected, problem=str(found["problem"]))
        else:
            yield compare(certified.role, aspect, expected, str(found[name]))
    if "rows" not in found or certified.problem:
        return
    for table in sorted({*certified.rows, *found["rows"]}):
        counts = [str(rows[table]) if table in rows else "no such table" for rows in (certified.rows, found["rows"])]
        yield compare(certified.role, f"rows of {table}", *counts)


def _examine(role: str, path: Path) -> dict[str, Any]:
    """The hashes and row counts of a file as it is now; ``problem`` says why some of them are missing.

    In processes of their own: this one must not hold a descriptor of a database that somebody else here has open.
    """
    found: dict[str, Any] = {}
    with PrivateFolder() as folder:
        try:
            with Child(DIGEST_MODULE, [str(path)], folder) as child:
                found["sha256"] = child.finish().split()[0]
        except ChildError as error:
            return {"problem": _unreachable(role, path, error.said)}
        try:
            with Child(CONTENT_MODULE, ["--count", "--", str(path)], folder) as child:
                found |= json.loads(child.finish())
        except ChildError as error:
            found["problem"] = f"{path}: it cannot be read to its end: {error.said}"
    return found
