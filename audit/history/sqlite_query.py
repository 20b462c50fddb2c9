"""A statement in SQLite itself, on the file as it is: for the SQL of playbooks and of SQLite's own functions.

Nothing else of the process may have the file open through another library; a command that does only this is such a one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import apsw

from audit.errors import UsageError
from audit.files.private_folder import PrivateFolder
from audit.staging.access import make_access

_ALLOWED = {apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE, apsw.SQLITE_PRAGMA}
_DENIED_FUNCTIONS = {"load_extension", "writefile", "edit"}


class SqliteQueryError(UsageError):
    """SQLite does not run the statement, or it would write."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}. Give one statement that only reads, such as SELECT count(*) FROM turns")


@dataclass(frozen=True, slots=True)
class SqliteRows:
    """What SQLite answers; BLOBs as hexadecimal digits."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        return iter(self.rows)


def query_sqlite(path: Path, query: str, parameters: Mapping[str, str]) -> SqliteRows:
    """Run one statement on the file, or on a private link or copy of it where reading it would leave something behind.

    Raises
    ------
    SqliteQueryError
        It is none, it would write, or it does not work.
    InputFileError
        The file cannot be read.
    """
    with PrivateFolder() as folder:
        access = make_access(path, folder)
        connection = apsw.Connection(str(access.reached_at), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.authorizer = _only_reads
            cursor = connection.execute(query, dict(parameters))
            columns = tuple(name for name, _ in cursor.get_description())
            return SqliteRows(columns, tuple(tuple(map(_shown, row)) for row in cursor))
        except apsw.ExecutionCompleteError:
            return SqliteRows((), ())
        except (apsw.Error, KeyError) as error:
            raise SqliteQueryError(str(error)) from error
        finally:
            connection.close()


def _only_reads(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    if action == apsw.SQLITE_FUNCTION and str(second).lower() in _DENIED_FUNCTIONS:
        return apsw.SQLITE_DENY
    # A pragma with a value would set something, if only of this connection.
    if action == apsw.SQLITE_PRAGMA and second is not None and str(first).lower() not in _PRAGMAS_OF_TABLES:
        return apsw.SQLITE_DENY
    return apsw.SQLITE_OK if action in _ALLOWED else apsw.SQLITE_DENY


_PRAGMAS_OF_TABLES = {"table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "foreign_key_list"}


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
