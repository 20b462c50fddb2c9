"""An instance of DuckDB that reads SQLite files one after the other, for whoever audits many.

What is the same for each file is made once: the extension is loaded, and the macros, the empty native tables and the
views lie in a template of a database. Each file gets a copy of that for itself, which is attached while the file is
read and is the database of the second, locked phase afterwards. So no row of one file can be seen by a check of
another.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import duckdb

from audit.files.private_folder import PrivateFolder
from audit.processes.address_space import DEFAULT_MEMORY_BYTES
from audit.staging.engine.quoting import quote_literal
from audit.staging.engine.scanner import load_scanner, scanner_configuration, set_up_scanner
from audit.staging.warehouse import CATALOGS, DATABASE, Warehouse

ATTACHED = "warehouse"
"""Name of the database of one file while that is read."""


class KeptEngine:
    """The kept instance, a context manager: ``warehouse()`` for each file.

    Parameters
    ----------
    prepare
        Makes in an empty database what each file begins with.
    memory_bytes
        What DuckDB may use while it reads, and again while it checks.
    """

    def __init__(
        self, prepare: Callable[[duckdb.DuckDBPyConnection], None], *, memory_bytes: int = DEFAULT_MEMORY_BYTES
    ) -> None:
        self._prepare = prepare
        self._memory_bytes = memory_bytes

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._folder = stack.enter_context(PrivateFolder())
            self._template = self._folder / "template.duckdb"
            with duckdb.connect(str(self._template)) as template:
                self._prepare(template)
            self._instance = stack.enter_context(duckdb.connect(config=self._configuration()))
            load_scanner(self._instance)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _configuration(self) -> dict[str, str | bool | int | float | list[str]]:
        return {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{self._memory_bytes}B",
            "temp_directory": str(self._folder / "spill"),
            # There are as many workers as cores.
            "threads": "1",
            **scanner_configuration(),
        }

    def warehouse(self) -> KeptWarehouse:
        """A warehouse for one file, or one set of files."""
        return KeptWarehouse(self, memory_bytes=self._memory_bytes)

    def open(self, path: Path) -> duckdb.DuckDBPyConnection:
        """A connection whose database is a new copy of the template at ``path``."""
        shutil.copyfile(self._template, path)
        # A connection of its own: what is temporary goes with it, however the reading ended.
        connection = self._instance.cursor()
        keep_log(connection)
        connection.execute(f"ATTACH {quote_literal(str(path))} AS {ATTACHED}")
        connection.execute(f"USE {ATTACHED}")
        set_up_scanner(connection)
        return connection

    def close(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let go of the files that are attached, and of the copy."""
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        connection.execute("USE memory")
        known = {name for (name,) in connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()}
        for name in (*CATALOGS.values(), ATTACHED):
            if name in known:
                connection.execute(f"DETACH {name}")
        connection.close()


class KeptWarehouse(Warehouse):
    """A warehouse whose first phase is a kept instance, and whose tables and views are there from the beginning."""

    is_prepared = True

    def __init__(self, engine: KeptEngine, *, memory_bytes: int) -> None:
        super().__init__(memory_bytes=memory_bytes)
        self._engine = engine
        self._is_reading = False

    def _open(self) -> None:
        self.connection = self._engine.open(self.folder / DATABASE)
        self._is_reading = True

    def _close(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._engine.close(self.connection)
        else:
            super()._close()

    def _connect(self, more: Mapping[str, str] = MappingProxyType({})) -> duckdb.DuckDBPyConnection:
        connection = super()._connect(more)
        connection.execute("SET threads = 1")
        keep_log(connection)
        return connection


def keep_log(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave the log beside the database: to work it in takes as long as the checks, and nobody keeps the database."""
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
