"""What docmgr's doctor checks of a ticket, by the names it gives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from audit.ticket.related_files import is_there, related_files
from audit.ticket.ticket_document import TicketDocument
from audit.ticket.ticket_folder import INDEX, Ticket
from audit.ticket.ticket_remark import Level, TicketRemark

REQUIRED, EXPECTED = ("Title", "Ticket", "DocType"), ("Status", "Topics")
_LISTED = 5
_NUMBERED = re.compile(r"\d{2,3}-")

_WORDS = {
    "Topics": ("topics", "unknown_topics", ""),
    "DocType": (
        "docTypes",
        "unknown_doc_type",
        "index design-doc reference playbook analysis til skill log code-review script task-list tutorial working-note",
    ),
    "Intent": ("intent", "unknown_intent", "long-term ticket-specific only-during-ticket throwaway short-term"),
    "Status": ("status", "unknown_status", "draft active review complete archived"),
}
"""By field: the vocabulary's list, the issue, and the words that are always known."""


def indexes(ticket: Ticket) -> Iterator[TicketRemark]:
    """There is one index."""
    if ticket.index is None:
        yield TicketRemark("missing_index", Level.ERROR, "the ticket has no index.md", ticket.shown(ticket.folder))
    for other in ticket.indexes:
        if ticket.index is not None and other is not ticket.index:
            yield TicketRemark(
                "multiple_index", Level.WARNING, "a ticket has one index.md, this is another", ticket.shown(other.path)
            )


def fields(ticket: Ticket) -> Iterator[TicketRemark]:
    """Front matter can be read, and that of the index has what it must have."""
    for document in ticket.with_front_matter:
        if document.problem:
            yield TicketRemark("invalid_frontmatter", Level.ERROR, document.problem, ticket.shown(document.path))
    index = ticket.index
    if index is None or index.problem:
        return
    for name in REQUIRED:
        if not index.text_of(name):
            yield TicketRemark("missing_required_fields", Level.ERROR, f"{name} is missing", ticket.shown(index.path))
    for name in EXPECTED:
        if not index.fields.get(name):
            yield TicketRemark("missing_field", Level.WARNING, f"{name} is missing", ticket.shown(index.path))


def words(ticket: Ticket) -> Iterator[TicketRemark]:
    """Topics, kinds, intents and statuses are words that are known; one row for each that is not."""
    if ticket.vocabulary is None:
        yield TicketRemark(
            "no_vocabulary",
            Level.INFO,
            "no vocabulary.yaml can be read: only the words that are always known count",
            ticket.shown(ticket.folder),
        )
    for name, (group, issue, always) in _WORDS.items():
        known = {*always.split(), *(ticket.vocabulary or {}).get(group, ())}
        if name == "Topics" and ticket.vocabulary is None:
            continue
        used: dict[str, list[str]] = defaultdict(list)
        for document in ticket.with_front_matter:
            for value in document.list_of(name):
                used[str(value)].append(ticket.shown(document.path))
        for value in sorted(used.keys() - known):
            yield TicketRemark(
                issue,
                Level.WARNING,
                f"{name} {value!r} is not in the vocabulary: {_listed(used[value])}",
                used[value][0],
            )


def files(ticket: Ticket) -> Iterator[TicketRemark]:
    """Related files are there, and a note says of each what it has to do with the ticket."""
    for document in ticket.with_front_matter:
        shown = ticket.shown(document.path)
        entries = list(related_files(document))
        for entry in entries:
            if not is_there(entry.path, document, ticket):
                yield TicketRemark("missing_related_file", Level.WARNING, f"{entry.path!r} does not exist", shown)
        silent = [entry.path for entry in entries if not entry.note]
        if silent:
            yield TicketRemark(
                "missing_related_file_note", Level.WARNING, f"no note says why: {_listed(silent)}", shown
            )


def names(ticket: Ticket) -> Iterator[TicketRemark]:
    """Documents in folders begin with a number, so that they have an order."""
    for document in ticket.documents:
        path = document.path
        if path.parent != ticket.folder and path.name != INDEX and not _NUMBERED.match(path.name):
            yield TicketRemark(
                "missing_numeric_prefix",
                Level.WARNING,
                "its name does not begin with two or three digits and -",
                ticket.shown(path),
            )


def age(ticket: Ticket, now: datetime, stale_after: timedelta) -> Iterator[TicketRemark]:
    """Something was written lately, unless the ticket is complete: what is done may rest."""
    times = [moment for each in ticket.with_front_matter if (moment := _last_updated(each))]
    if ticket.is_complete or not times or now - max(times) <= stale_after:
        return
    days = (now - max(times)).days
    yield TicketRemark(
        "stale",
        Level.WARNING,
        f"nothing was updated for {days} days; {stale_after.days} are allowed",
        ticket.shown(ticket.folder / INDEX),
    )


def _last_updated(document: TicketDocument) -> datetime | None:
    """When a document says it was updated; without a zone it means UTC."""
    value: Any = document.fields.get("LastUpdated")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


def _listed(values: list[str]) -> str:
    more = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return ", ".join(values[:_LISTED]) + more
