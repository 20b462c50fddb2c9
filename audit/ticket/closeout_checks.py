"""What a ticket that says it is done must show, and docmgr's doctor does not look at."""

from __future__ import annotations

from collections.abc import Iterator

from audit.ticket.related_files import leads_nowhere, related_files
from audit.ticket.ticket_folder import Ticket
from audit.ticket.ticket_remark import Level, TicketRemark


def boxes(ticket: Ticket) -> Iterator[TicketRemark]:
    """No box is open in a ticket that is complete, and the box of the status is ticked with it."""
    for document, task in ticket.tasks:
        shown = ticket.shown(document.path)
        if ticket.is_complete and not task.done:
            yield TicketRemark(
                "open_task", Level.ERROR, f"the ticket is complete, this box is open: {task.text}", shown, task.line
            )
        if task.closes and task.done and not ticket.is_complete:
            yield TicketRemark(
                "closed_too_early",
                Level.ERROR,
                f"this box is ticked, the status is {ticket.status or 'missing'}: {task.text}",
                shown,
                task.line,
            )


def statuses(ticket: Ticket) -> Iterator[TicketRemark]:
    """The index says one status, and no document is still active in a ticket that is complete."""
    for document in ticket.with_front_matter:
        status, shown = document.text_of("Status").lower(), ticket.shown(document.path)
        for stated in document.stated if status else ():
            if stated.text != status:
                yield TicketRemark(
                    "status_contradicted",
                    Level.WARNING,
                    f"the text says {stated.text}, the front matter {status}",
                    shown,
                    stated.line,
                )
        if ticket.is_complete and document is not ticket.index and status == "active":
            yield TicketRemark(
                "active_document", Level.WARNING, "the ticket is complete, this document is active", shown
            )


def links(ticket: Ticket) -> Iterator[TicketRemark]:
    """Links to files lead to files."""
    for document in ticket.documents:
        for link in document.links:
            if leads_nowhere(link.text, document, ticket):
                yield TicketRemark(
                    "broken_link",
                    Level.WARNING,
                    f"{link.text!r} leads to no file",
                    ticket.shown(document.path),
                    link.line,
                )


def places(ticket: Ticket) -> Iterator[TicketRemark]:
    """Related files are named from the repository, not from one machine."""
    for document in ticket.with_front_matter:
        for entry in related_files(document):
            if entry.is_absolute:
                yield TicketRemark(
                    "absolute_related_file",
                    Level.WARNING,
                    f"{entry.path!r} is a path of one machine; name it from the repository",
                    ticket.shown(document.path),
                )
