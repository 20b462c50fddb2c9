"""What the pages and rows of a file say to a doctor: damage, references, values and types."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

import apsw

from store.migration.inspection.diagnosis import Patient, Remark, is_ours
from store.migration.inspection.integrity import complaints, unknown_objects
from store.migration.inspection.layout import target_layout
from store.migration.inspection.shapes import Shape
from store.migration.inspection.survey import survey
from store.sqlite.database import quote_identifier

_MOST_LINES = 20
_STORAGE = {"TEXT": "text", "INTEGER": "integer"}


def integrity(patient: Patient) -> Iterator[Remark]:
    """Damage, and the tables that nobody looked at because what their definitions compute does not end."""
    for table, error in patient.endless.items():
        yield Remark("integrity", "critical" if is_ours(table) else "warning", error.problem, error.remedy)
    lines = _lines(patient)
    if not lines and not patient.endless:
        yield Remark("integrity", "info", "the integrity check found nothing")
        return
    for line in lines:
        yield Remark(
            "integrity", "critical", line, "Restore the file from a backup, or recover it with sqlite3 .recover"
        )


def _lines(patient: Patient) -> list[str]:
    """What the integrity check says, and what it does not see; of each table alone where some compute without end."""
    unseen = unknown_objects(patient.connection)
    return [*([unseen] if unseen else []), *_checked(patient)]


def _checked(patient: Patient) -> list[str]:
    if not patient.endless:
        return complaints(patient.connection, most=_MOST_LINES)
    tables = ["sqlite_schema", *(name for name in patient.recognition.layout.tables)]
    left_out = {name.lower() for name in patient.endless}
    checked = (complaints(patient.connection, table=name) for name in tables if name not in left_out)
    return list(islice(chain.from_iterable(checked), _MOST_LINES))


def references(patient: Patient) -> Iterator[Remark]:
    """Rows that refer to rows which are not there."""
    if patient.recognition.shape is Shape.UNKNOWN:
        return
    broken: dict[tuple[str, str], int] = {}
    unchecked = False
    left_out = {name.lower() for name in patient.endless}
    for name in sorted(patient.recognition.layout.tables.keys() - left_out):
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


def _unchecked_references(patient: Patient, table: str, error: apsw.SQLError) -> Remark:
    if table in target_layout().tables:
        told = f"they cannot be checked: {error}"
        return Remark("references", "critical", told, f"Run: turntruth migrate {patient.path}")
    return Remark("references", "warning", f"those of {table} cannot be checked: {error}", "See who made that table")


def values(patient: Patient) -> Iterator[Remark]:
    """What a migration would fill or repair, and what older programs left."""
    if patient.recognition.shape is Shape.UNKNOWN or not patient.is_readable:
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


def types(patient: Patient) -> Iterator[Remark]:
    """Cells whose type is not the declared one: SQLite allows them, other programs stumble."""
    for name, target in target_layout().tables.items():
        table = patient.recognition.layout.tables.get(name)
        if table is None or patient.recognition.payload_table == name or not patient.is_readable:
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
