"""The only place that opens the audited files: DuckDB reads them once, narrow and consistent, and lets go of them.

Two phases, two DuckDB instances over one private database file. The first one has the SQLite extension, attaches the
files read-only and stages what the checks need. The second one never loads the extension and is locked: what a check
says in SQL can then reach no file at all. One instance would not do, because the extension opens files by itself,
past ``enable_external_access``: even a locked instance would still ATTACH a SQLite file, for writing too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import apsw
import duckdb

from audit.errors import AuditError, DamagedFileError, InputFileError
from audit.files.private_folder import PrivateFolder
from audit.processes.address_space import DEFAULT_MEMORY_BYTES, require_address_space
from audit.staging.access import Access, Route, copy_access, make_access, side_path
from audit.staging.engine.quoting import quote_identifier, quote_literal
from audit.staging.engine.scanner import has_scanner, load_scanner, scanner_configuration, set_up_scanner
from audit.staging.scan_errors import reading

__all__ = ["CATALOGS", "DATABASE", "Warehouse", "columns_by_table", "is_beyond_plain_tables"]
__all__ += ["quote_identifier", "quote_literal", "sqlite_query"]

CATALOGS: Mapping[str, str] = {"turns": "turns_db", "timeline": "timeline_db", "baseline": "baseline_db"}
"""Role of an input file to the catalog name under which it is attached."""

DATABASE = "warehouse.duckdb"
COMPRESSED_FROM_BYTES = 2 << 30
"""From this size of all files on, staged tables are compressed: that takes longer, but a third of the disk."""
ALL_CORES_FROM_BYTES = 64 << 20
"""Below this size of all files a statement is the work of one core, and another one would only wait for it."""


class Warehouse:
    """A private DuckDB database that is filled from SQLite files and then locked.

    Use it as a context manager: ``attach`` the files, stage inside ``snapshot``, then ``lock``, and ``release`` it to
    write files once all checks have run; ``connection`` is the DuckDB connection of the present phase. Everything it
    puts on disk lies in ``folder`` and goes with it.

    Parameters
    ----------
    memory_bytes
        What DuckDB may use; beyond it, it spills to ``folder``.
    """

    is_prepared = False
    """Whether tables and views are there before a file is attached."""

    def __init__(self, *, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> None:
        self.memory_bytes = memory_bytes
        self.accesses: dict[str, Access] = {}
        self.locked = False
        self._size_bytes = 0
        self._shares_scans = False

    def __enter__(self) -> Self:
        require_address_space()
        with ExitStack() as stack:
            self.folder = stack.enter_context(PrivateFolder())
            self._open()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            self._close()

    def _open(self) -> None:
        """Begin the first phase with an empty database."""
        self.connection = self._connect(scanner_configuration())
        load_scanner(self.connection)
        set_up_scanner(self.connection)

    def _close(self) -> None:
        """End the present phase."""
        self.connection.close()

    def _connect(self, more: Mapping[str, str] = MappingProxyType({})) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            str(self.folder / DATABASE),
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": f"{self.memory_bytes}B",
                "temp_directory": str(self.folder / "spill"),
                # DuckDB waits for another thread's work by asking again and again, which takes as much time as the
                # work. While the sizes are not known yet, in the first phase, `Source` asks for more where it helps.
                **({} if self._size_bytes >= ALL_CORES_FROM_BYTES else {"threads": "1"}),
                **more,
            },
        )
        self._choose_compression(connection)
        return connection

    def _choose_compression(self, connection: duckdb.DuckDBPyConnection) -> None:
        """To find out how each column is compressed best takes as long as reading it from SQLite."""
        method = "auto" if self._size_bytes >= COMPRESSED_FROM_BYTES else "uncompressed"
        connection.execute(f"SET force_compression = '{method}'")

    def share_scans(self, *, by_appearance: bool) -> None:
        """Let every core read the attached tables, if none of the files is being written to by others.

        ``by_appearance``: an empty log is taken for one that nobody writes to; `is_consistent` tells whether that held.
        A prepared warehouse is that of one worker among as many as there are cores.
        """
        accesses = self.accesses.values()
        if not self.is_prepared and all(
            access.seems_still() if by_appearance else access.holds_still() for access in accesses
        ):
            self._shares_scans = True
            self.connection.execute("SET sqlite_disable_multithreaded_scans = false")
            # Else one thread writes what all of them read; the checks depend on no order.
            self.connection.execute("SET preserve_insertion_order = false")

    def attach(self, role: str, path: Path) -> Access:
        """Attach a file read-only under the catalog name of its role.

        Raises
        ------
        InputFileError
            The file is missing, unreadable, no complete database, or open in this process.
        """
        access = make_access(path, self.folder)
        try:
            self._attach(role, access)
        except InputFileError:
            # A journal of a crashed writer must be rolled back before anybody can read; that is done on a copy.
            if not side_path(path, "-journal").exists():
                raise
            access = access if access.route is Route.COPY else copy_access(path, self.folder)
            _roll_back(access.reached_at)
            self._attach(role, access)
        self.accesses[role] = access
        self._size_bytes += path.stat().st_size
        self._choose_compression(self.connection)
        return access

    def _attach(self, role: str, access: Access) -> None:
        catalog = CATALOGS[role]
        with reading(access.path):
            self.connection.execute(
                f"ATTACH {quote_literal(str(access.reached_at))} AS {catalog} (TYPE sqlite, READ_ONLY)"
            )
            try:
                # ATTACH opens lazily: only the first query meets a broken file.
                self.connection.execute(sqlite_query(catalog, "SELECT count(*) FROM sqlite_master")).fetchall()
            except duckdb.Error:
                self.connection.execute(f"DETACH {catalog}")
                raise

    def tables(self, role: str) -> dict[str, tuple[str, ...]]:
        """Column names by table of an attached file, both lower-cased as SQLite compares them."""
        with reading(self.accesses[role].path):
            return columns_by_table(self.connection, CATALOGS[role])

    def beyond_plain_tables(self, role: str) -> bool:
        """Whether SQLite's checks of an attached file need what DuckDB's SQLite may not have."""
        with reading(self.accesses[role].path):
            return is_beyond_plain_tables(self.connection, CATALOGS[role])

    @contextmanager
    def snapshot(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction in which every attached file is seen as it was at its beginning."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            # A snapshot of SQLite begins with the first read: touch all files now, not when their turn comes.
            for role, access in self.accesses.items():
                with reading(access.path):
                    self.connection.execute(sqlite_query(CATALOGS[role], "SELECT count(*) FROM sqlite_master"))
                    self.connection.fetchall()
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            self._roll_back_quietly()
            raise

    def _roll_back_quietly(self) -> None:
        try:
            self.connection.execute("ROLLBACK")
        except duckdb.Error:
            return  # DuckDB has ended the transaction by itself; the first error is the one to tell

    def reset(self) -> None:
        """Forget everything and begin again with an empty database."""
        self._close()
        self.accesses.clear()
        self._size_bytes = 0
        self._shares_scans = False
        (self.folder / DATABASE).unlink()
        self._open()

    def detach(self) -> None:
        """Let go of all files; afterwards this process holds no descriptor of any of them."""
        for role in self.accesses:
            self.connection.execute(f"DETACH {CATALOGS[role]}")

    def is_consistent(self) -> bool:
        """Whether what was read of each file since it was attached is one state of it."""
        return all(
            access.is_consistent() and (not self._shares_scans or access.holds_still() or access.unchanged())
            for access in self.accesses.values()
        )

    def renew(self) -> None:
        """Go on without the extension in a new instance, which gives back the memory that the one before held.

        Nothing but the database is left of that: settings, the schema in use among them, are those of a new one.
        """
        self._close()
        self.connection = self._connect()

    def lock(self) -> None:
        """Go on without the extension, without access to files, and without a way back."""
        still_open = "the staging connection is still open somewhere, so checks could reach files"
        try:
            self.renew()
        except duckdb.ConnectionException as error:  # an instance with another configuration has the database
            raise AuditError(still_open) from error
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")
        if has_scanner(self.connection):
            raise AuditError(still_open)
        self.locked = True

    def release(self) -> None:
        """Go on, after the last check, with an instance that may write files; no text of a check may run in it.

        Where that was done already, nothing is done again.
        """
        if not self.locked:
            return
        self.renew()
        self.locked = False


def sqlite_query(catalog: str, sql: str) -> str:
    """DuckDB text that runs a statement in SQLite itself, on an attached file."""
    return f"SELECT * FROM sqlite_query({quote_literal(catalog)}, {quote_literal(sql)})"


def columns_by_table(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, tuple[str, ...]]:
    """Column names by table of a catalog, both lower-cased as SQLite compares them.

    A virtual table has none: to ask for them runs its module, which may not be known here.
    """
    sql = (
        "SELECT lower(m.name) AS table_name, lower(c.name) AS column_name FROM sqlite_master AS m"
        " LEFT JOIN pragma_table_info(CASE WHEN m.rootpage > 0 THEN m.name END) AS c"
        " WHERE m.type = 'table' ORDER BY m.rowid, c.cid"
    )
    found: dict[str, tuple[str, ...]] = {}
    for table, column in connection.execute(sqlite_query(catalog, sql)).fetchall():
        found[table] = (*found.get(table, ()), *([column] if column else []))
    return found


def is_beyond_plain_tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> bool:
    """Whether a catalog has virtual tables, indexes with collations of its own, or anything that computes values."""
    sql = (
        "SELECT m.name FROM sqlite_master AS m WHERE m.type = 'table' AND coalesce(m.rootpage, 0) = 0"
        " UNION ALL SELECT i.name FROM sqlite_master AS t JOIN pragma_index_list(t.name) AS i"
        " JOIN pragma_index_xinfo(i.name) AS x WHERE t.type = 'table' AND t.rootpage > 0"
        " AND (i.partial OR x.cid = -2 OR x.coll COLLATE NOCASE NOT IN ('BINARY', 'NOCASE', 'RTRIM'))"
        " UNION ALL SELECT t.name FROM sqlite_master AS t JOIN pragma_table_xinfo(t.name) AS c"
        " WHERE t.type = 'table' AND t.rootpage > 0 AND c.hidden IN (2, 3) LIMIT 1"
    )
    return connection.execute(sqlite_query(catalog, sql)).fetchone() is not None


def _roll_back(copy: Path) -> None:
    """Let SQLite undo the unfinished transaction of a private copy, as its next writer would have done."""
    connection = apsw.Connection(str(copy))
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except apsw.Error as error:
        raise DamagedFileError(copy, f"its journal cannot be rolled back ({error})", "Restore a backup") from error
    finally:
        connection.close()
