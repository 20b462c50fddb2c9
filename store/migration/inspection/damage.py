"""Looking for damage before the first write: what SQLite's quick check says of everything a migration writes to."""

from __future__ import annotations

import os
from collections.abc import Iterator

import apsw

from store.errors import DamagedDatabaseError
from store.migration import failpoints
from store.migration.inspection.integrity import complaints, unknown_objects
from store.migration.inspection.layout import target_layout
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import Recognition, recognise
from store.migration.ledger import LEDGER_TABLE
from store.migration.progress import SILENT, Progress
from store.sqlite.database import quote_identifier
from store.turns.attributed_column import COLUMN_NAMES

_STEPS = 20_000  # of SQLite's machine, or pages of its check, between two looks whether somebody wants to stop
_SCHEMA = "sqlite_schema"
_FILLED = frozenset(COLUMN_NAMES)
_REMEDY = "Restore it from a backup, or recover what can be read with sqlite3 .recover"


def refuse_damage(path: str | os.PathLike[str], progress: Progress = SILENT, *, drop_legacy: bool = False) -> None:
    """Read turns, their indexes and every other table that a migration writes to; a verified backup says as much.

    It takes one read transaction a table. Without a write-ahead log a writer waits for the end of each.

    Raises
    ------
    DamagedDatabaseError
        The quick check complains of one of them, or of the list of free pages; not one byte was changed.
    """
    complaint = look(path, lambda connection: _first_complaint(connection, progress, drop_legacy=drop_legacy))
    if complaint:
        raise DamagedDatabaseError(path, f"the database is damaged ({complaint}); not one byte was changed", _REMEDY)


def refuse_disorder(path: str | os.PathLike[str]) -> None:
    """Compare the indexes of turns with its rows where the migration takes entries out; no quick check does.

    So a file of which a verified backup was written is not known to be sound in this.

    Raises
    ------
    DamagedDatabaseError
        They do not agree; not one byte was changed.
    """
    complaint = look(path, _disorder)
    if complaint:
        raise DamagedDatabaseError(path, f"the database is damaged ({complaint}); not one byte was changed", _REMEDY)


def _disorder(connection: apsw.Connection) -> str:
    recognition = recognise(connection)
    connection.set_progress_handler(_keep_on, _STEPS)
    try:
        if complaint := unknown_objects(connection):
            return complaint
        if "turns" not in recognition.layout.tables or not _takes_entries_out(connection, recognition):
            return ""
        return _complaint_of(connection, "integrity_check", "turns")
    except apsw.CorruptError as error:
        return str(error)
    finally:
        connection.set_progress_handler(None)


def _first_complaint(connection: apsw.Connection, progress: Progress, *, drop_legacy: bool) -> str:
    recognition = recognise(connection)
    # Damage may call a page free, or part of one table, while another table has it: given away, it would be written
    # over. Only the check of all tables sees that.
    whole = bool(_free_pages(connection) or drop_legacy or _drops(recognition))
    tables = () if whole else (_SCHEMA, *written_tables(recognition))
    progress.begin("quick check", max(len(tables), 1))
    # Python notices Ctrl-C only where it runs: one statement may take as long as the file is big.
    connection.set_progress_handler(_keep_on, _STEPS)
    try:
        for complaint in _complaints(connection, recognition, tables):
            if complaint:
                return complaint
            progress.advance(1)
    except apsw.CorruptError as error:
        return str(error)
    finally:
        connection.set_progress_handler(None)
    progress.finish()
    return ""


def _complaints(connection: apsw.Connection, recognition: Recognition, tables: tuple[str, ...]) -> Iterator[str]:
    """The first complaint about each of the tables, or about all that the file has; '' where there is none."""
    yield unknown_objects(connection)
    for table in tables:
        yield _complaint_of(connection, "quick_check", table)
    if not tables:
        yield _last_line(next(iter(complaints(connection, quick=True, most=1)), ""))
    if "turns" in recognition.layout.tables and _takes_entries_out(connection, recognition):
        yield _complaint_of(connection, "integrity_check", "turns")


def _complaint_of(connection: apsw.Connection, pragma: str, table: str) -> str:
    lines = connection.execute(f"PRAGMA {pragma}({quote_identifier(table)})")
    return next((f"{table}: {_last_line(line)}" for (line,) in lines if line != "ok"), "")


def _last_line(complaint: str) -> str:
    """What it is about: a complaint about pages begins with a line that says which database they are of."""
    return complaint.rsplit("\n", 1)[-1]


def _takes_entries_out(connection: apsw.Connection, recognition: Recognition) -> bool:
    """Whether entries of indexes must be found to be taken out, which fails where they are not as their row is.

    The quick check does not compare the two. It is so where a time is repaired, and where a column is filled although
    its index is there already.
    """
    names = recognition.layout.tables["turns"].names
    if any(
        index.table == "turns" and _FILLED & dict(index.columns).keys() for index in recognition.layout.indexes.values()
    ):
        return True
    if not {"updated_at_ms", "turn_created_at_ms"} <= names:
        return False
    query = "SELECT EXISTS (SELECT 1 FROM turns WHERE (updated_at_ms <= 0) IS TRUE)"
    return bool(connection.execute(query).get)


def _drops(recognition: Recognition) -> bool:
    """Whether a migration gives pages of a table or an index back."""
    return bool(
        recognition.payload_table or recognition.detached_membership or recognition.redeclared or recognition.clashing
    )


def _free_pages(connection: apsw.Connection) -> int:
    pages: int = connection.execute("PRAGMA freelist_count").get
    return pages


def _keep_on() -> bool:
    failpoints.reach("damage: reading")
    return False


def written_tables(recognition: Recognition) -> tuple[str, ...]:
    """The tables of a file that migrating it writes to, or reads for what it writes, with all their indexes."""
    wanted = {
        "turns",
        recognition.payload_table,
        LEDGER_TABLE,
        "turntruth_quarantine",
        *(index.table for index in (*recognition.indexes, *recognition.clashing)),
        *(each.table for each in recognition.redeclared),
    }
    if recognition.payload_table or recognition.detached_membership:
        wanted |= target_layout().tables.keys()
    present = recognition.layout.tables
    return tuple(sorted(name for name in wanted if name in present and not present[name].is_virtual))
