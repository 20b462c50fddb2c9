r"""Hashes of what a database says, whatever its bytes.

``python -m audit.certificates.content_hash PATH...`` runs as a process of its own.

Two files have the same content hash exactly when a table holds the same rows in both, whatever their order, their row
numbers, the page size or the journal mode: a VACUUM, a backup or a dump and reload does not change it, a single cell
does. It guards against mistakes and damage; somebody who wants to can find other rows with the same sum.

Definition, so that any tool can compute it:

- A row is the JSON array of its columns in the order of their lower-cased names, in UTF-8, without blanks. NULL is
  ``null``, an integer its decimal digits, a text a JSON string in which nothing is escaped but ``"``, ``\`` and the
  characters below U+0020 (as ``\b \t \n \f \r`` or ``\u00`` with two lower-case digits). A real is
  ``{"real":"..."}``, a BLOB ``{"blob":"..."}``, a text that is not well-formed ``{"text":"..."}``, each with the
  lower-case hex of its bytes (of a real: IEEE 754, big-endian). Generated columns are left out.
- The hash of a table is the sum of the SHA-256 of all its rows, read as big-endian numbers, modulo 2**256, written as
  64 hex digits.
- *Content* of ``turns`` is every column but those that metadata fills, ``runtime_key`` and ``inference_id``: what the
  table held before they came. *Attribution* is these and ``conv_id``, ``session_id``, ``turn_id``. Of a conversation
  file, content is the table ``timeline_conversations``.
- The hash of a schema is the SHA-256 of the JSON array (written in the same way) of the arrays
  ``[type, name, tbl_name, sql]`` of all objects that have a definition, sorted by type, then name, as bytes.

Prints one JSON object a path. Rows are read one at a time, so memory stays the same at any size.
"""

from __future__ import annotations

import argparse
import hashlib
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

import apsw
import orjson

from audit.comparison.files.opening import open_alone
from audit.comparison.files.tables import Column, Table, quote_identifier, read_tables
from audit.comparison.files.unknown import is_unknown, tables_and_modules
from audit.errors import AuditError
from audit.sqlite.attributed_column import COLUMN_NAMES
from audit.sqlite.virtual_tables import COUNTABLE
from audit.staging.access import Signature

ATTRIBUTION_COLUMNS = frozenset({"conv_id", "session_id", "turn_id", *COLUMN_NAMES})
SEEN_COLUMNS = ("conv_id", "inference_id", "runtime_key", "session_id", "turn_id")
"""The texts of a turn that fingerprints.parquet keeps, in the order in which they are hashed."""

HASHED_TABLES = ("turns", "timeline_conversations")
"""The table whose rows stand for a file; a file has one of them."""

MODULUS = 1 << 256
UTF_8 = "UTF-8"
_CODECS = {UTF_8: "utf-8", "UTF-16le": "utf-16-le", "UTF-16be": "utf-16-be"}


@dataclass(frozen=True, slots=True)
class ContentHash:
    """What one file says.

    ``signature`` is the state of the file that was read, as `audit.staging.access.signature_of` tells it. Hashes are
    '' where the file has no such table or columns. ``rows`` is empty unless counts were asked for, and ``seen_sha256``
    too, which is over what fingerprints.parquet keeps of a turn; '' also where a cell of the table is an odd one.
    """

    path: str
    signature: Signature
    schema_sha256: str
    content_sha256: str = ""
    attribution_sha256: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    seen_sha256: str = ""


def hash_content(path: Path, *, count: bool = False) -> ContentHash:
    """Read one file, without changing anything, and hash what it says.

    Parameters
    ----------
    count
        Count the rows of every table as well.

    Raises
    ------
    InputFileError
        The file cannot be read to its end.
    """
    with open_alone(path) as (connection, access):
        tables = read_tables(connection, "main")
        table = next((tables[name] for name in HASHED_TABLES if name in tables), None)
        content, attribution, seen = _hash_rows(connection, table, see=count) if table else ("", "", "")
        return ContentHash(
            str(path),
            access.signature,
            _hash_schema(connection),
            content,
            attribution,
            dict(_count_rows(connection)) if count else {},
            seen,
        )


def _hash_schema(connection: apsw.Connection) -> str:
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
    return hashlib.sha256(orjson.dumps(connection.execute(sql).fetchall())).hexdigest()


def _count_rows(connection: apsw.Connection) -> Iterator[tuple[str, int]]:
    for name, module in tables_and_modules(connection):
        if name.lower().startswith("sqlite_") or (module and module not in COUNTABLE):
            continue
        try:
            ((count,),) = connection.execute(f"SELECT count(*) FROM {quote_identifier(name)}").fetchall()
        except apsw.SQLError as error:
            if is_unknown(error):
                continue
            raise
        # The audit counts under lower-cased names, as SQLite compares them.
        yield name.lower(), int(str(count))


def _hash_rows(connection: apsw.Connection, table: Table, *, see: bool) -> tuple[str, str, str]:
    """The hashes of a table; the quick way if every cell is an integer or a text that can be read."""
    columns = sorted(table.stored_columns, key=lambda column: column.name.lower())
    if str(connection.pragma("encoding")) == UTF_8:
        try:
            return _sum_rows(_quick_rows(connection, table, columns), columns, see=see)
        except (UnicodeDecodeError, TypeError, _OddCellError):
            # A damaged text, a BLOB, or a real: such a table is read once more, cell by cell.
            pass
    return _sum_rows(_careful_rows(connection, table, columns), columns)


class _OddCellError(Exception):
    """A row holds a real, which JSON writers format each in their own way."""


def _sum_rows(rows: Iterator[Sequence[Any]], columns: Sequence[Column], *, see: bool = False) -> tuple[str, str, str]:
    names = [column.name.lower() for column in columns]
    old = _picker([at for at, name in enumerate(names) if name not in COLUMN_NAMES])
    has_attribution = set(names) >= ATTRIBUTION_COLUMNS
    attributed = _picker([at for at, name in enumerate(names) if name in ATTRIBUTION_COLUMNS])
    seen_of = _seen_picker(names) if see else None
    sha256, dumps, number = hashlib.sha256, orjson.dumps, int.from_bytes
    content = attribution = seen = 0
    for row in rows:
        content += number(sha256(dumps(old(row))).digest(), "big")
        if has_attribution:
            attribution += number(sha256(dumps(attributed(row))).digest(), "big")
        if seen_of is not None:
            seen += number(sha256(dumps(seen_of(row))).digest(), "big")
    return _hex(content), _hex(attribution) if has_attribution else "", _hex(seen) if seen_of is not None else ""


def _seen_picker(names: Sequence[str]) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """Takes the cells of a turn as fingerprints.parquet has them; None for a table of something else."""
    if not {"conv_id", "session_id", "turn_id", "turn_created_at_ms"} <= set(names):
        return None
    texts = [names.index(name) if name in names else None for name in SEEN_COLUMNS]
    created = names.index("turn_created_at_ms")

    def pick(row: Sequence[Any]) -> Sequence[Any]:
        moment = row[created]
        cells = ["" if place is None or row[place] is None else str(row[place]) for place in texts]
        return [*cells, moment if isinstance(moment, int) else None]

    return pick


def _picker(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: [row[place] for place in places]


def _hex(total: int) -> str:
    return f"{total % MODULUS:064x}"


def _quick_rows(connection: apsw.Connection, table: Table, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    """Rows as SQLite hands them out; a trailing cell says whether one of them is a real."""
    listed = ", ".join(quote_identifier(column.name) for column in columns)
    # A column of type TEXT turns a number into text when it is stored; any other may hold a real.
    doubtful = [column for column in columns if column.affinity != "TEXT"]
    flag = " OR ".join(f"typeof({quote_identifier(column.name)}) = 'real'" for column in doubtful) or "0"
    for row in connection.execute(f"SELECT {listed}, {flag} FROM {table.source} NOT INDEXED"):
        if row[-1]:
            raise _OddCellError
        yield row


def _careful_rows(connection: apsw.Connection, table: Table, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    """Rows cell by cell, texts as the bytes that are stored."""
    codec = _CODECS[str(connection.pragma("encoding"))]
    names = [quote_identifier(column.name) for column in columns]
    listed = ", ".join(
        f"typeof({name}), CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END" for name in names
    )
    for row in connection.execute(f"SELECT {listed} FROM {table.source} NOT INDEXED"):
        yield [_cell(str(row[at]), row[at + 1], codec) for at in range(0, len(row), 2)]


def _cell(storage: str, value: Any, codec: str) -> Any:
    match storage:
        case "text":
            try:
                return value.decode(codec)
            except UnicodeDecodeError:
                return {"text": value.hex()}
        case "blob":
            return {"blob": value.hex()}
        case "real":
            return {"real": struct.pack(">d", value).hex()}
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the arguments of the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m audit.certificates.content_hash", description=__doc__)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--count", action="store_true", help="count the rows of every table as well")
    given = parser.parse_args(arguments)
    try:
        for path in given.paths:
            line = orjson.dumps(asdict(hash_content(path, count=given.count)))
            print(line.decode(), flush=True)  # noqa: T201  the output of this process is its result
    except AuditError as error:
        print(error, file=sys.stderr)  # noqa: T201  a program of its own: stderr is how it speaks
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
