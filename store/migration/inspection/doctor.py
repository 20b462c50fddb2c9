"""The state of a turn database, with a severity and a remedy for everything that is not as it should be; reads only."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from store.migration import ledger
from store.migration.errors import LedgerError
from store.migration.inspection import content
from store.migration.inspection.diagnosis import Diagnosis, Patient, Remark, Severity
from store.migration.inspection.disk import bytes_needed, free_bytes, log_bytes, size_of
from store.migration.inspection.foreign_code import endless_tables
from store.migration.inspection.neighbours import read_neighbours
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import LEGACY_TABLE, Shape, recognise
from store.migration.progress import SILENT, Progress
from store.migration.rebuild import redeclaration
from store.sqlite.database_header import database_header
from store.sqlite.sqlite_errors import database_errors

_WAL_RESET_FIRST = (3, 7, 0)
_WAL_RESET_LAST = (3, 51, 2)
_BIG_LOG_BYTES = 64 * 2**20


def diagnose(path: str | os.PathLike[str], progress: Progress = SILENT) -> Diagnosis:
    """Examine a file: schema, ledger, writing library, integrity, references, log, disk, types of cells.

    Raises
    ------
    DatabaseFileError
        It is no SQLite database at all, or cannot be read; a damaged one is diagnosed.

    Examples
    --------
    >>> diagnose("turns.db").healthy
    True
    """
    with database_errors(path):
        return look(path, lambda connection: _diagnosis(connection, os.fspath(path), progress))


def _diagnosis(connection: apsw.Connection, path: str, progress: Progress) -> Diagnosis:
    recognition = recognise(connection)
    progress.begin("expressions", 1)
    endless = endless_tables(connection)
    progress.advance(1)
    progress.finish()
    patient = Patient(path, connection, recognition, progress, database_header(path), endless)
    remarks = [remark for examine in _EXAMINATIONS for remark in _examined(examine, patient)]
    order = {"critical": 0, "warning": 1, "info": 2}
    return Diagnosis(path, recognition.shape, tuple(sorted(remarks, key=lambda r: order[r.severity])))


def _examined(examine: Callable[[Patient], Iterator[Remark]], patient: Patient) -> list[Remark]:
    """Let damage that stops one examination not stop the others."""
    topic = examine.__name__.strip("_").replace("_", " ")
    patient.progress.begin(topic, 1)
    try:
        return list(examine(patient))
    except (apsw.CorruptError, UnicodeDecodeError) as error:
        return [Remark(topic, "critical", f"it stopped at damage ({error})", "Restore the file from a backup")]
    finally:
        patient.progress.advance(1)
        patient.progress.finish()


def _shape(patient: Patient) -> Iterator[Remark]:
    recognition = patient.recognition
    if recognition.shape is Shape.UNKNOWN:
        yield Remark("shape", "critical", f"unknown: {recognition.reason}", recognition.remedy)
    elif recognition.redeclared:
        differences = redeclaration.reason(recognition.redeclared)
        yield Remark("shape", "critical", f"{recognition.shape}: {differences}", redeclaration.way_out(patient.path))
    elif recognition.complete:
        yield Remark("shape", "info", f"{recognition.shape}: every column and index is as declared")
    else:
        absent = [*(c.name for c in recognition.columns), *recognition.tables, *(i.name for i in recognition.indexes)]
        texts = f"; payload texts wait in {recognition.payload_table}" if recognition.payload_table else ""
        yield Remark(
            "shape",
            "warning",
            f"{recognition.shape}: missing {', '.join(absent) or 'nothing'}{texts}",
            f"Run: turntruth migrate {patient.path}",
        )
    for peculiarity in redeclaration.peculiarities(recognition.layout):
        yield Remark(
            "shape",
            "info",
            f"{peculiarity}, as no version declares them: kept as they are",
            "Give the audit the file from before (--baseline), else it takes them for new",
        )
    if LEGACY_TABLE in recognition.layout.tables and not recognition.payload_table:
        yield Remark(
            "shape",
            "info",
            f"the converted payload texts are kept in {LEGACY_TABLE}",
            f"When all is well: turntruth migrate {patient.path} --drop-legacy",
        )


def _ledger(patient: Patient) -> Iterator[Remark]:
    run = ledger.last_run(patient.connection)
    if run is None:
        yield Remark("ledger", "info", "turntruth has never migrated this file")
        return
    try:
        ledger.read_step(patient.connection, run.migration_id, ledger.RUN_STEP)
    except LedgerError as error:
        yield Remark("ledger", "critical", error.problem, error.remedy)
        return
    if run.state in {"running", "failed"}:
        yield Remark(
            "ledger",
            "warning",
            f"migration {run.migration_id} is {run.state}",
            f"Run: turntruth migrate {patient.path}",
        )
    else:
        yield Remark("ledger", "info", f"migration {run.migration_id} is {run.state.replace('_', ' ')}")
    quarantined = patient.connection.execute("SELECT count(*) FROM turntruth_quarantine").get
    if quarantined:
        yield Remark(
            "ledger",
            "warning",
            f"{quarantined} payload texts are in quarantine",
            "Read: SELECT turn_id, phase, reason FROM turntruth_quarantine",
        )


def _library(patient: Patient) -> Iterator[Remark]:
    yield Remark("library", "info", f"SQLite {apsw.sqlite_lib_version()} reads this file here")
    number = int.from_bytes(patient.header[96:100], "big")
    writer = (number // 1_000_000, number // 1_000 % 1_000, number % 1_000)
    name = ".".join(map(str, writer))
    uses_log = patient.header[18] == 2
    if not number:
        return
    if uses_log and _WAL_RESET_FIRST <= writer <= _WAL_RESET_LAST:
        yield Remark(
            "library",
            "warning",
            f"SQLite {name} wrote this file last, with a write-ahead log: up to 3.51.2 it can corrupt a file when two "
            "connections write and check the log at once",
            "Build the writing program with SQLite 3.51.3 or later",
        )
    else:
        yield Remark("library", "info", f"SQLite {name} wrote this file last")


def _neighbours(patient: Patient) -> Iterator[Remark]:
    """Tables of other programs: what they are, and what here cannot be read of them."""
    found = read_neighbours(patient.connection)
    known = [f"{each.name}: {each.purpose}" for each in found if not each.problem]
    if known:
        yield Remark("neighbours", "info", f"{', '.join(known)}; nothing of ours changes them")
    for each in found:
        if each.problem:
            yield Remark(
                "neighbours",
                "warning",
                each.told,
                "Nothing need be done for the turns; a program that has it can check this table",
            )


def _space(patient: Patient) -> Iterator[Remark]:
    log = log_bytes(patient.path)
    if log > _BIG_LOG_BYTES:
        yield Remark(
            "space",
            "warning",
            f"the write-ahead log has {log / 2**20:,.0f} MiB: a long reader keeps it from being emptied",
            "Look for long read transactions",
        )
    file = Path(patient.path).absolute()
    for partial in sorted(file.parent.glob(f"{glob.escape(file.stem)}.backup-*.partial")):
        yield Remark(
            "space",
            "info",
            f"an unfinished backup lies beside the file: {partial.name} ({size_of(partial) / 2**20:,.0f} MiB)",
            "Delete it, unless a backup is being written right now",
        )
    needed, free = bytes_needed(patient.path), free_bytes(Path(patient.path).absolute().parent)
    severity: Severity = "warning" if free < needed * 2 else "info"
    remedy = (
        "Make room before migrating: backup and growth take twice the file at most" if severity == "warning" else ""
    )
    yield Remark(
        "space", severity, f"the disk has {free / 2**20:,.0f} MiB left, the file {needed / 2**20:,.1f}", remedy
    )


_EXAMINATIONS: tuple[Callable[[Patient], Iterator[Remark]], ...] = (
    _shape,
    _ledger,
    _neighbours,  # before integrity, for which something may have to stand in for a module
    content.integrity,
    content.references,
    content.values,
    content.types,
    _library,
    _space,
)
