"""What a file holds, in a form that two files can be compared by: rows of every table, and the content of the turns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import apsw

from store.migration.inspection.neighbours import standing_in
from store.migration.inspection.shapes import PAYLOAD_TABLES
from store.migration.progress import SILENT, Progress
from store.sqlite.database import quote_identifier

_TOLD_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Rows by table, and a hash by table over the tables that hold turns or payload texts."""

    rows: dict[str, int]
    hashes: dict[str, str]

    @property
    def content_sha256(self) -> str:
        """One hash over those of the tables, as docs/migration-playbook.md says how to compute it."""
        lines = "".join(f"{table.lower()} {self.hashes[table]}\n" for table in sorted(self.hashes, key=str.lower))
        return hashlib.sha256(lines.encode()).hexdigest()

    def difference(self, other: Fingerprint) -> str:
        """The first thing that differs, in words; '' if nothing does."""
        for table in sorted(self.rows.keys() | other.rows.keys()):
            if self.rows.get(table) != other.rows.get(table):
                return f"{table} has {other.rows.get(table, 'no')} rows instead of {self.rows.get(table, 'none')}"
        for table, digest in self.hashes.items():
            if other.hashes.get(table) != digest:
                return f"the content of {table} differs"
        return ""


def take_fingerprint(connection: apsw.Connection, progress: Progress = SILENT) -> Fingerprint:
    """Count and hash what the connection's snapshot shows; the caller holds the read transaction, if it needs one.

    What a virtual table shows lies in ordinary tables, which are counted; its own module need not be known.
    """
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM main.sqlite_schema"
            " WHERE type = 'table' AND rootpage AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
    ]
    with standing_in(connection):
        rows = {name: connection.execute(f"SELECT count(*) FROM {quote_identifier(name)}").get for name in names}
    hashed = [name for name in names if name.lower() in PAYLOAD_TABLES]
    progress.begin("content hash", sum(rows[name] for name in hashed))
    hashes = {name: hash_table(connection, name, progress=progress) for name in hashed}
    progress.finish()
    return Fingerprint(rows, hashes)


def hash_table(
    connection: apsw.Connection, table: str, columns: tuple[str, ...] = (), progress: Progress = SILENT
) -> str:
    """SHA-256 over the cells of a table in rowid order, each with type and length; of all columns or those named."""
    names = (name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,)))
    wanted = columns or tuple(names)
    # One value a row, put together by SQLite: fetching every cell takes several times as long.
    cells = ", ".join(
        f"substr(typeof({name}), 1, 1), octet_length({name}), ':', {name}" for name in map(quote_identifier, wanted)
    )
    digest = hashlib.sha256("\x1f".join(wanted).encode())
    told = 0
    for (row,) in connection.execute(
        f"SELECT CAST(concat({cells}) AS BLOB) FROM {quote_identifier(table)} ORDER BY rowid"
    ):
        digest.update(row)
        told += 1
        if told == _TOLD_ROWS:
            progress.advance(told)
            told = 0
    progress.advance(told)
    return digest.hexdigest()
