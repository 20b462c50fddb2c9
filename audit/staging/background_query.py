"""A query that SQLite works on beside the staging: examining a file takes a core for as long as all the rest."""

from __future__ import annotations

from threading import Thread
from types import TracebackType
from typing import Any, Self

import duckdb

from audit.staging.engine.quoting import quote_identifier


class BackgroundQuery:
    """One query, begun at once in a transaction of its own beside that of ``connection``.

    It sees the files attached there, through a SQLite handle of its own. A context manager: whoever leaves early
    (an error, Ctrl-C) leaves no query behind, so that the files can be detached.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        self._cursor = connection.cursor()
        # A cursor begins in the database of its instance, which need not be the one in which the macros are.
        ((database,),) = connection.execute("SELECT current_database()").fetchall()
        self._cursor.execute(f"USE {quote_identifier(str(database))}")
        self._rows: list[Any] = []
        self._error: duckdb.Error | RuntimeError | None = None
        self._thread = Thread(target=self._run, args=(sql,), daemon=True)
        self._thread.start()

    def _run(self, sql: str) -> None:
        try:
            self._rows = self._cursor.execute(sql).fetchall()
        except (duckdb.Error, RuntimeError) as error:
            self._error = error

    def finish(self) -> list[Any]:
        """Wait for the end and return the rows.

        Raises
        ------
        duckdb.Error
            What the query met; ``duckdb.InterruptException`` if it was left before its end.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._thread.is_alive():
            if kind is not None:
                # Again and again, because an interrupt is lost on a query that has not begun yet.
                self._cursor.interrupt()
            self._thread.join(0.05 if kind is not None else None)
        self._cursor.close()
