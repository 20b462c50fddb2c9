"""SQL that a ticket shows: whether it runs, on a file that is only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import apsw.ext

from audit.ticket.ticket_document import Passage
from audit.ticket.ticket_folder import Ticket
from audit.ticket.ticket_remark import Level, TicketRemark

STEPS = 20_000_000
"""Steps of SQLite's machine after which a statement counts as one that never ends; some seconds."""


def failing_examples(ticket: Ticket, database: Path) -> Iterator[TicketRemark]:
    """Run every ``sql`` block on a database, and tell those that cannot be run.

    Parameters are bound to NULL: what is tried is whether tables, columns and functions exist. Statements that write
    or reach other files are refused, whatever the database allows.
    """
    examples = [(document, passage) for document in ticket.documents for passage in document.sql]
    if not examples:
        return
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    connection.authorizer = _authorize
    try:
        for document, passage in examples:
            problem = _problem(connection, passage)
            if problem:
                yield TicketRemark("sql_fails", Level.WARNING, problem, ticket.shown(document.path), passage.line)
    finally:
        connection.close()


def _problem(connection: apsw.Connection, passage: Passage) -> str:
    """Why a piece of SQL does not run, '' where it does."""
    rest: str | None = passage.text
    connection.set_progress_handler(lambda: True, STEPS)
    try:
        while rest and rest.strip():
            found = apsw.ext.query_info(connection, rest)
            if not found.is_readonly:
                return f"it writes: {_first_line(found.first_query)}"
            for _ in connection.execute(found.first_query, (None,) * found.bindings_count):
                pass
            rest = found.query_remaining
    except apsw.InterruptError:
        return "it does not end"
    except (apsw.Error, ValueError, MemoryError) as error:
        return f"it does not run: {error}"
    finally:
        connection.set_progress_handler(None)
    return ""


def _authorize(action: int, first: str | None, second: str | None, database: str | None, cause: str | None) -> int:
    return apsw.SQLITE_DENY if action in {apsw.SQLITE_ATTACH, apsw.SQLITE_DETACH} else apsw.SQLITE_OK


def _first_line(statement: str) -> str:
    return statement.strip().partition("\n")[0]
