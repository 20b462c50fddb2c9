"""What the run folder of a tenant holds beside its results, as a single audit's does: tables, and what is certified."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import duckdb

from audit.certificates.certificate import IN_MOTION, ContentHashing, FileCertificate
from audit.certificates.verification.input_verification import DATABASES, DIGEST_MODULE
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.checks.runner import FINDING_COLUMNS, create_findings
from audit.files.literal_pattern import literal_pattern
from audit.fleet.fleet_folder import FINDINGS_FILE
from audit.pipeline.turn_keys import TURN_KEYS
from audit.processes.children import Child, ChildError
from audit.references.fingerprints import COLUMNS, FINGERPRINTS_FILE
from audit.results.records import AuditResult, InputFile
from audit.staging.access import Access, Route, signature_of
from audit.staging.warehouse import quote_identifier, quote_literal

CHANGED = "it has changed since the fleet read it, so what it said then cannot be hashed"


def write_tables(outcome: Path, into: Path) -> dict[str, Path]:
    """The tables of a run, by their names: of the outcome in a folder, or made of it in a private one."""
    findings = outcome / FINDINGS_FILE
    if not findings.exists():
        findings = _without_findings(into / FINDINGS_PARQUET)
    return {FINDINGS_PARQUET: findings, FINGERPRINTS_FILE: _fingerprints(outcome / TURN_KEYS, into / FINGERPRINTS_FILE)}


def _without_findings(path: Path) -> Path:
    columns = ", ".join(map(quote_identifier, (*FINDING_COLUMNS, "accepted")))
    with duckdb.connect() as connection:
        create_findings(connection)
        connection.execute(_copy(f"SELECT {columns} FROM findings", path))
    return path


def _fingerprints(turn_keys: Path, path: Path) -> Path:
    with duckdb.connect() as connection:
        source = quote_literal(literal_pattern(turn_keys))
        connection.execute(_copy(f"SELECT {', '.join(COLUMNS)} FROM read_parquet({source})", path))
    return path


def _copy(query: str, path: Path) -> str:
    return f"COPY ({query}) TO {quote_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"


def certify(result: AuditResult, folder: Path) -> tuple[FileCertificate, ...]:
    """What is certified of the databases of a tenant: also what they say, where they are still as the fleet read them.

    ``folder`` is a private one.
    """
    databases = [entry for entry in result.inputs if entry.role in DATABASES]
    accesses = {entry.role: _access(entry) for entry in databases}
    unchanged = {entry.role for entry in databases if _is_still(entry, folder)}
    same = {role: access for role, access in accesses.items() if access is not None and role in unchanged}
    with ExitStack() as stack:
        hashing = ContentHashing(same, folder, stack) if same else None
        certified = {each.role: each for each in hashing.finish(databases)} if hashing is not None else {}
    return tuple(certified.get(entry.role) or _by_bytes(entry) for entry in databases)


def _access(entry: InputFile) -> Access | None:
    """What the file is before it is looked at; None where it is not there."""
    path = Path(entry.path)
    try:
        return Access(path, path, Route.DIRECT, signature_of(path))
    except OSError:
        return None


def _is_still(entry: InputFile, folder: Path) -> bool:
    """Whether its bytes are those that the fleet read."""
    try:
        # In a process of its own: this one may have the same database open.
        with Child(DIGEST_MODULE, [entry.path], folder) as child:
            return child.finish().split()[:1] == [entry.sha256]
    except ChildError:
        return False


def _by_bytes(entry: InputFile) -> FileCertificate:
    known = FileCertificate(entry.role, entry.path, entry.size_bytes, entry.rows)
    return replace(known, sha256=entry.sha256, problem=CHANGED if entry.sha256 else IN_MOTION)
