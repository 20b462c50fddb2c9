"""A run again as one that can be shown to strangers, with a certificate of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb

from audit.certificates.certificate import IN_MOTION, FileCertificate, read_certificate, write_certificate
from audit.certificates.verification.comparison import Comparison, Outcome
from audit.certificates.verification.run_verification import verify_folder
from audit.checks.findings_parquet import FINDINGS_PARQUET, write_findings_parquet
from audit.checks.runner import FINDING_COLUMNS, create_findings, sorted_findings
from audit.errors import AuditError, MemoryLimitError, UsageError
from audit.files.literal_pattern import literal_pattern
from audit.files.permissions import Permissions
from audit.processes.address_space import DEFAULT_MEMORY_BYTES
from audit.redaction.key_file import RedactionKey
from audit.redaction.pseudonyms import Pseudonyms
from audit.redaction.redacted_result import mentioned_ids, redacted_result
from audit.references.fingerprints import FINGERPRINTS_FILE
from audit.report import run_folder
from audit.results.records import AuditResult
from audit.results.redaction import Redaction, RedactionMethod
from audit.results.run_kind import RunKind, require_kind
from audit.staging.warehouse import Warehouse, quote_identifier

HASHING_FAILED = "its content could not be hashed; the original run says why"


class UnsoundOriginalError(AuditError):
    """The run is not as its certificate says, so none is made of it that says more."""

    exit_code = 1

    def __init__(self, folder: Path, difference: Comparison) -> None:
        self.difference = difference
        super().__init__(
            f"{folder}: not redacted, since the run is not as its certificate says"
            f" ({difference.subject}, {difference.aspect}). See `turntruth verify`"
        )


class AlreadyRedactedError(UsageError):
    """The run is redacted already, and its ids are gone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder}: the run is redacted already. Redact the original run")


class RedactionError(AuditError):
    """The run could not be redacted; nothing was written."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the run could not be redacted: {problem}. Make room for temporary files, and try again")


@dataclass(frozen=True, slots=True)
class Redacted:
    """What of a run is not in DuckDB: its result, and the file of its fingerprints."""

    result: AuditResult
    fingerprints: Path


def redact(warehouse: Warehouse, result: AuditResult, fingerprints: Path, key: RedactionKey | None) -> Redacted:
    """Replace ids in the table ``findings`` of a warehouse that may write files, and in what goes with it.

    Raises
    ------
    RedactionError
        The disk is full.
    MemoryLimitError
        A cell of many megabytes does not fit.
    """
    redaction = Redaction(RedactionMethod.KEYED, key.key_id) if key else Redaction(RedactionMethod.NUMBERS)
    folder = warehouse.folder / "redacted"
    folder.mkdir()
    with _errors_of_duckdb(warehouse):
        pseudonyms = Pseudonyms(warehouse.connection, fingerprints, key)
        pseudonyms.replace(result.checks, mentioned_ids(result))
        redacted = redacted_result(result, pseudonyms, warehouse.connection, redaction)
        written = pseudonyms.write_fingerprints(folder)
        pseudonyms.forget()
    return Redacted(redacted, written)


@contextmanager
def _errors_of_duckdb(warehouse: Warehouse) -> Iterator[None]:
    """What DuckDB says may quote what it is about to hide."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MemoryLimitError(warehouse.memory_bytes) from error
    except duckdb.Error as error:
        raise RedactionError(f"DuckDB reports {type(error).__name__}") from error


def redacted_certificates(files: Iterable[FileCertificate], redacted: AuditResult) -> tuple[FileCertificate, ...]:
    """What is certified of the databases, hashes included, without where they lay."""
    paths = {entry.role: entry.path for entry in redacted.inputs}
    return tuple(
        replace(
            each,
            path=paths.get(each.role, ""),
            problem=HASHING_FAILED if each.problem and each.problem != IN_MOTION else each.problem,
        )
        for each in files
    )


def redact_run(
    folder: Path, out_dir: Path, key: RedactionKey | None = None, *, memory_bytes: int = DEFAULT_MEMORY_BYTES
) -> Path:
    """Write the run in ``folder`` once more, redacted, below ``out_dir``; the folder of the new run.

    ``memory_bytes`` is what DuckDB may use for it.

    Raises
    ------
    InputFileError
        The folder is no run, or one of its files cannot be read.
    OtherKindError
        It is none of an audit.
    UnsoundOriginalError
        It is not as its certificate says.
    AlreadyRedactedError
        Its ids are gone already.
    UsageError
        A run of its name lies there, or nothing can be written there.
    RunWriteError
        The disk is full.
    """
    require_kind(folder, RunKind.AUDIT)
    certificate = read_certificate(folder)
    for each in verify_folder(folder):
        if each.outcome is Outcome.DIFFERS:
            raise UnsoundOriginalError(folder, each)
    result = run_folder.load_run(folder)
    if result.redaction.method:
        raise AlreadyRedactedError(folder)
    files = [folder / name for name in certificate.report]
    run_folder.check_writable(out_dir, result.run_id, files)
    with Warehouse(memory_bytes=memory_bytes) as warehouse:
        with _errors_of_duckdb(warehouse):
            _load_findings(warehouse.connection, folder / FINDINGS_PARQUET)
        redacted = redact(warehouse, result, folder / FINGERPRINTS_FILE, key)
        with _errors_of_duckdb(warehouse):
            return _write(
                redacted, out_dir, redacted_certificates(certificate.files, redacted.result), warehouse, files
            )


def _load_findings(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    columns = ", ".join(map(quote_identifier, (*FINDING_COLUMNS, "accepted")))
    create_findings(connection)
    connection.execute(
        f"INSERT INTO findings ({columns}) SELECT {columns} FROM read_parquet($1)", [literal_pattern(path)]
    )


def _write(
    redacted: Redacted, out_dir: Path, certified: tuple[FileCertificate, ...], warehouse: Warehouse, files: list[Path]
) -> Path:
    result = redacted.result
    written = {FINGERPRINTS_FILE: redacted.fingerprints, FINDINGS_PARQUET: write_findings_parquet(warehouse)}
    return run_folder.write_run(
        result,
        out_dir,
        sorted_findings(warehouse.connection),
        written,
        seal=partial(write_certificate, result, certified),
        permissions=Permissions.of(files),
    )
