"""What a file holds in all its tables, as one hash: whether anything in it was changed between two moments."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any, cast

import apsw

from store.migration.inspection.reading import look
from store.sqlite.database import quote_identifier
from store.sqlite.sqlite_errors import database_errors

_COLUMNS_AT_ONCE = 25
"""A function of SQLite takes 127 arguments in some builds."""


def whole_content_sha256(path: str | os.PathLike[str]) -> str:
    """Hex SHA-256 over the schema and every row of every ordinary table, each cell with its type and length.

    Where a page lies, and whether a write-ahead log holds it, is no part of it. What a virtual table shows lies in
    ordinary ones.

    Raises
    ------
    DatabaseFileError
        The file cannot be opened, or not be read to its end.
    """
    with database_errors(path):
        return look(path, _hashed)


def _hashed(connection: apsw.Connection) -> str:
    digest = hashlib.sha256()
    schema = connection.execute(
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM main.sqlite_schema"
        " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2, 3"
    ).fetchall()
    digest.update(repr(schema).encode("utf-8", "surrogatepass"))
    ordinary = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage AND name NOT LIKE 'sqlite_%'"
    for (name,) in connection.execute(f"{ordinary} ORDER BY name").fetchall():
        _add_table(digest, connection, str(name))
    return digest.hexdigest()


def _add_table(digest: hashlib._Hash, connection: apsw.Connection, table: str) -> None:
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?, 'main') ORDER BY cid", (table,)).fetchall()
    without_rowid = connection.execute("SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", (table,)).get
    key = [str(name) for name, place in sorted(columns, key=lambda column: cast("int", column[1])) if place]
    order = ", ".join(map(quote_identifier, key)) if without_rowid else "rowid"
    texts = ", ".join(_text_of([str(name) for name, _ in part]) for part in _parts(columns))
    digest.update(table.encode("utf-8", "surrogatepass"))
    for row in connection.execute(f"SELECT {texts} FROM main.{quote_identifier(table)} ORDER BY {order}"):
        for part in row:
            digest.update(b"%d:" % len(part))
            digest.update(part)


def _text_of(columns: list[str]) -> str:
    """The term for the cells of some columns, which SQLite puts together: to fetch each cell takes much longer."""
    cells = ", ".join(
        f"substr(typeof({name}), 1, 1), octet_length({name}), ':', {name}" for name in map(quote_identifier, columns)
    )
    return f"CAST(concat({cells}) AS BLOB)"


def _parts(columns: list[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(columns), _COLUMNS_AT_ONCE):
        yield columns[at : at + _COLUMNS_AT_ONCE]
