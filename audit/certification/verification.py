"""Whether what a certificate says of a run and its databases is still so."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from audit.certification.certificate import (
    CERTIFICATE_FILE,
    CONTENT_MODULE,
    Certificate,
    FileCertificate,
    hash_checks,
    read_certificate,
)
from audit.certification.digest import digest
from audit.children import Child, ChildError
from audit.errors import AuditError, MissingFileError
from audit.runs import RESULTS_FILE, load_run

DIGEST_MODULE = "audit.certification.digest"
ASPECTS = {
    "sha256": "bytes",
    "schema_sha256": "schema",
    "content_sha256": "content of the old columns",
    "attribution_sha256": "attribution",
}
"""Hash of a certified file to what it stands for."""


class Outcome(StrEnum):
    """What came of one comparison."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that was certified beside what is there now; ``problem`` says why it cannot be told."""

    subject: str
    aspect: str
    outcome: Outcome
    certified: str = ""
    found: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A certificate and everything it was compared with."""

    certificate: Certificate
    comparisons: tuple[Comparison, ...]

    @property
    def outcome(self) -> Outcome:
        """Differs if anything does; same only if all is known and the same."""
        outcomes = {each.outcome for each in self.comparisons}
        if Outcome.DIFFERS in outcomes:
            return Outcome.DIFFERS
        return Outcome.UNKNOWN if Outcome.UNKNOWN in outcomes else Outcome.SAME


def verify_run(folder: Path, given: Mapping[str, Path]) -> Verification:
    """Compare a run and its databases with its certificate.

    Parameters
    ----------
    given
        Where databases lie now, by role; the others are looked for where they lay.

    Raises
    ------
    InputFileError
        There is no certificate, or a given file is missing.
    """
    certificate = read_certificate(folder)
    for path in given.values():
        if not path.exists():
            raise MissingFileError(path)
    comparisons = [*_verify_report(certificate, folder), *_verify_results(certificate, folder)]
    roles = {entry.role for entry in certificate.files}
    comparisons += [
        Comparison(role, "bytes", Outcome.UNKNOWN, problem=f"the audit had no {role}") for role in given.keys() - roles
    ]
    for entry in certificate.files:
        comparisons += _verify_database(entry, given.get(entry.role, Path(entry.path)))
    return Verification(certificate, tuple(comparisons))


def _compare(subject: str, aspect: str, certified: str, found: str) -> Comparison:
    outcome = Outcome.SAME if certified == found else Outcome.DIFFERS
    return Comparison(subject, aspect, outcome, certified, found)


def _verify_report(certificate: Certificate, folder: Path) -> Iterator[Comparison]:
    """Every file of the run, also one that has come since."""
    for name, certified in certificate.report.items():
        try:
            found = digest(str(folder / name))[0]
        except FileNotFoundError:
            found = "missing"
        except OSError as error:
            yield Comparison(name, "bytes", Outcome.UNKNOWN, certified, problem=error.strerror or str(error))
            continue
        yield _compare(name, "bytes", certified, found)
    for entry in sorted(folder.iterdir()):
        if entry.name not in certificate.report and entry.name != CERTIFICATE_FILE:
            yield _compare(entry.name, "bytes", "missing", "a file that the run did not have")


def _verify_results(certificate: Certificate, folder: Path) -> Iterator[Comparison]:
    """What the certificate repeats of results.json."""
    try:
        result = load_run(folder)
    except AuditError as error:
        yield Comparison(RESULTS_FILE, "verdict", Outcome.UNKNOWN, certificate.verdict, problem=str(error))
        return
    yield _compare(RESULTS_FILE, "run id", certificate.run_id, result.run_id)
    yield _compare(RESULTS_FILE, "verdict", certificate.verdict, result.verdict.value)
    yield _compare(RESULTS_FILE, "checks", certificate.checks_sha256, hash_checks(result.checks))


def _verify_database(certified: FileCertificate, path: Path) -> Iterator[Comparison]:
    if not path.exists():
        problem = f"{path}: no such file; say where it lies now with --{certified.role}"
        yield Comparison(certified.role, ASPECTS["sha256"], Outcome.UNKNOWN, certified.sha256, problem=problem)
        return
    found = _examine(path)
    for name, aspect in ASPECTS.items():
        expected = getattr(certified, name)
        if certified.problem and not expected:
            yield Comparison(certified.role, aspect, Outcome.UNKNOWN, problem=certified.problem)
        elif name not in found:
            yield Comparison(certified.role, aspect, Outcome.UNKNOWN, expected, problem=str(found["problem"]))
        else:
            yield _compare(certified.role, aspect, expected, str(found[name]))
    if "rows" not in found or certified.problem:
        return
    for table in sorted({*certified.rows, *found["rows"]}):
        counts = [str(rows[table]) if table in rows else "no such table" for rows in (certified.rows, found["rows"])]
        yield _compare(certified.role, f"rows of {table}", *counts)


def _examine(path: Path) -> dict[str, Any]:
    """The hashes and row counts of a file as it is now; ``problem`` says why some of them are missing.

    In processes of their own: this one must not hold a descriptor of a database that somebody else here has open.
    """
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="turntruth-") as name:
        try:
            with Child(DIGEST_MODULE, [str(path)], Path(name)) as child:
                found["sha256"] = child.finish().split()[0]
            with Child(CONTENT_MODULE, ["--count", "--", str(path)], Path(name)) as child:
                found |= json.loads(child.finish())
        except ChildError as error:
            found["problem"] = f"{path}: it cannot be read to its end: {error.said}"
    return found
