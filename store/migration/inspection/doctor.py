"""The state of a turn database, with a severity and a remedy for everything that is not as it should be; reads only."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

from store.migration import ledger
from store.migration.errors import LedgerError
from store.migration.inspection.disk import bytes_needed, free_bytes, log_bytes, size_of
from store.migration.inspection.integrity import complaints
from store.migration.inspection.layout import target_layout
from store.migration.inspection.neighbours import read_neighbours
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import LEGACY_TABLE, Recognition, Shape, recognise
from store.migration.inspection.survey import survey
from store.migration.progress import SILENT, Progress
from store.migration.rebuild import redeclaration
from store.sqlite.database import database_errors, database_header, quote_identifier

Severity = Literal["critical", "warning", "info"]
_MOST_LINES = 20
_WAL_RESET_FIRST = (3, 7, 0)
_WAL_RESET_LAST = (3, 51, 2)
_BIG_LOG_BYTES = 64 * 2**20
_STORAGE = {"TEXT": "text", "INTEGER": "integer"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about the file: what it is, how bad, what to do about it ('' where nothing has to be done)."""

    topic: str
    severity: Severity
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything about one file, worst first."""

    path: str
    shape: str
    remarks: tuple[Remark, ...]

    @property
    def healthy(self) -> bool:
        """Nothing critical was found."""
        return not any(remark.severity == "critical" for remark in self.remarks)

    def to_json(self) -> dict[str, Any]:
        """The diagnosis as ``turntruth doctor --format json`` prints it."""
        remarks = [asdict(remark) for remark in self.remarks]
        return {"path": self.path, "shape": self.shape, "healthy": self.healthy, "remarks": remarks}


@dataclass(frozen=True, slots=True)
class _Patient:
    path: str
    connection: apsw.Connection
    recognition: Recognition
    progress: Progress
    header: bytes = field(repr=False)


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
    patient = _Patient(path, connection, recognition, progress, database_header(path))
    remarks = [remark for examine in _EXAMINATIONS for remark in _examined(examine, patient)]
    order = {"critical": 0, "warning": 1, "info": 2}
    return Diagnosis(path, recognition.shape, tuple(sorted(remarks, key=lambda r: order[r.severity])))


def _examined(examine: Callable[[_Patient], Iterator[Remark]], patient: _Patient) -> list[Remark]:
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


def _shape(patient: _Patient) -> Iterator[Remark]:
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


def _ledger(patient: _Patient) -> Iterator[Remark]:
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


def _values(patient: _Patient) -> Iterator[Remark]:
    if patient.recognition.shape is Shape.UNKNOWN:
        return
    found = survey(patient.connection, patient.recognition, "all")
    if found.work and patient.recognition.complete:
        yield Remark(
            "values",
            "warning",
            f"{found.work} values could be filled or repaired",
            f"Run: turntruth migrate {patient.path}",
        )
    if found.drifted:
        yield Remark(
            "values",
            "warning",
            f"{found.drifted} turns were saved again by a program that does not know the columns",
            "Replace the old program; the columns keep the first attribution",
        )
    malformed = found.counts.runtime_key.malformed
    if malformed:
        yield Remark("values", "warning", f"{malformed} turns without runtime have metadata that is no JSON object")


def _library(patient: _Patient) -> Iterator[Remark]:
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


def _integrity(patient: _Patient) -> Iterator[Remark]:
    lines = complaints(patient.connection, most=_MOST_LINES)
    if not lines:
        yield Remark("integrity", "info", "the integrity check found nothing")
        return
    for line in lines:
        yield Remark(
            "integrity", "critical", line, "Restore the file from a backup, or recover it with sqlite3 .recover"
        )


def _references(patient: _Patient) -> Iterator[Remark]:
    if patient.recognition.shape is Shape.UNKNOWN:
        return
    broken: dict[tuple[str, str], int] = {}
    unchecked = False
    for name in sorted(patient.recognition.layout.tables):
        try:
            for table, _, parent, _ in patient.connection.execute(
                f"PRAGMA foreign_key_check({quote_identifier(name)})"
            ):
                broken[table, parent] = broken.get((table, parent), 0) + 1
        except apsw.SQLError as error:
            unchecked = True
            yield _unchecked_references(patient, name, error)
    for (table, parent), rows in broken.items():
        yield Remark(
            "references", "critical", f"{rows} rows of {table} refer to missing rows of {parent}", "Restore them"
        )
    if not (broken or unchecked):
        yield Remark("references", "info", "every foreign key finds its row")


def _unchecked_references(patient: _Patient, table: str, error: apsw.SQLError) -> Remark:
    if table in target_layout().tables:
        told = f"they cannot be checked: {error}"
        return Remark("references", "critical", told, f"Run: turntruth migrate {patient.path}")
    return Remark("references", "warning", f"those of {table} cannot be checked: {error}", "See who made that table")


def _neighbours(patient: _Patient) -> Iterator[Remark]:
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


def _space(patient: _Patient) -> Iterator[Remark]:
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


def _types(patient: _Patient) -> Iterator[Remark]:
    """Cells whose type is not the declared one: SQLite allows them, other programs stumble."""
    for name, target in target_layout().tables.items():
        table = patient.recognition.layout.tables.get(name)
        if table is None or patient.recognition.payload_table == name:
            continue
        rebuilt = {each.wanted.name for each in patient.recognition.redeclared if each.table == name}
        columns = [column for column in target.columns if column.name in table.names - rebuilt]
        if not columns:
            continue  # it has nothing but the name of ours
        tests = ", ".join(
            f"sum(typeof({quote_identifier(column.name)}) <> '{_STORAGE[column.type]}')" for column in columns
        )
        found = patient.connection.execute(f"SELECT {tests} FROM {quote_identifier(name)}").get
        for column, rows in zip(columns, found, strict=True):
            if rows:
                yield Remark(
                    "types",
                    "warning",
                    f"{rows} rows of {name} hold no {_STORAGE[column.type]} in {column.name}",
                    "See who wrote them; nothing of ours changes them",
                )


_EXAMINATIONS: tuple[Callable[[_Patient], Iterator[Remark]], ...] = (
    _shape,
    _ledger,
    _neighbours,  # before integrity, for which something may have to stand in for a module
    _integrity,
    _references,
    _values,
    _types,
    _library,
    _space,
)
