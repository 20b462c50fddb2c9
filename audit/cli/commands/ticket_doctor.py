"""``turntruth ticket-doctor``: what is wrong with a ticket that is kept beside the code, and closing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.turn_file import Format, FormatOption, as_json

if TYPE_CHECKING:
    from audit.ticket.ticket_examination import Examination
    from audit.ticket.ticket_folder import Ticket

EXIT_FINDINGS = 1


class FailOn(StrEnum):
    """From which level on a remark makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("ticket-doctor")(ticket_doctor)


def ticket_doctor(
    folder: Annotated[Path, typer.Argument(help="Folder of the ticket, with index.md and tasks.md.")],
    output: FormatOption = Format.TEXT,
    fail_on: Annotated[FailOn, typer.Option(help="Lowest level of a remark that fails.")] = FailOn.WARNING,
    stale_after: Annotated[
        int, typer.Option(min=0, help="Days without an update after which a ticket that is not complete is stale.")
    ] = 30,
    now: Annotated[
        datetime | None, typer.Option(help="The moment from which age counts, in UTC. By default the present.")
    ] = None,
    database: Annotated[
        Path | None,
        typer.Option(
            help="Database on which SQL of the ticket is tried, read only. By default a small migrated one.",
        ),
    ] = None,
    close: Annotated[
        bool, typer.Option("--close", help="Set the status to complete and tick the box that asks for it.")
    ] = False,
) -> int:
    """Say what is wrong with a ticket: front matter, words, files, links, boxes, SQL, age. Only --close writes.

    Exit codes: 0 nothing as bad as --fail-on, 1 something is, 2 no ticket lies there, or --close was refused because
    another box is open.

    Example: turntruth ticket-doctor docs/ticket --format json
    """
    from datetime import timedelta

    from audit.cli.text_output import print_lines
    from audit.ticket.ticket_closing import close as close_ticket
    from audit.ticket.ticket_examination import examine
    from audit.ticket.ticket_folder import read_ticket
    from audit.ticket.ticket_remark import Level

    moment = now.replace(tzinfo=UTC) if now else datetime.now(UTC)
    ticket = read_ticket(folder)
    if close:
        written = close_ticket(ticket, moment)
        print_lines([f"closed: {ticket.shown(path)} was written" for path in written], err=True)
        ticket = read_ticket(folder)
    with _database(ticket, database) as file:
        found = examine(ticket, now=moment, stale_after=timedelta(days=stale_after), database=file)
    if output is Format.JSON:
        typer.echo(as_json(found.to_json()))
    else:
        print_lines(_lines(found))
    failed = fail_on is not FailOn.NEVER and found.fails(Level(fail_on))
    return EXIT_FINDINGS if failed else 0


@contextmanager
def _database(ticket: Ticket, given: Path | None) -> Iterator[Path | None]:
    """The file on which SQL is tried; none is made where the ticket shows none."""
    if given is not None or not any(document.sql for document in ticket.documents):
        yield given
        return
    from tempfile import TemporaryDirectory

    from audit.demo.corpus import write_corpus
    from audit.demo.corpus_shape import CorpusShape
    from store.migration import migrate

    with TemporaryDirectory(prefix="turntruth-") as folder:
        turns = write_corpus(Path(folder), CorpusShape(turns=50, conversations=5)).turns
        migrate(turns, backup=False)
        yield turns


def _lines(found: Examination) -> Iterator[str]:
    tasks = found.ticket.tasks
    done = sum(task.done for _, task in tasks)
    yield f"{found.ticket.name}: {found.ticket.status or 'without a status'}, {done} of {len(tasks)} boxes ticked"
    for remark in found.remarks:
        place = f"{remark.path}:{remark.line}" if remark.line else remark.path
        yield f"  {remark.severity:<9} {remark.issue:<25} {place}: {remark.message}"
    if not found.remarks:
        yield "  all checks passed"
