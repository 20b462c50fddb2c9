"""The files that documents of a ticket say they are about, and whether these are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from audit.ticket.ticket_document import TicketDocument
from audit.ticket.ticket_folder import Ticket

_ABSOLUTE = "abs"
_LIKE_A_DRIVE = 3


@dataclass(frozen=True, slots=True)
class RelatedFile:
    """One entry of ``RelatedFiles``."""

    path: str
    note: str

    @property
    def is_absolute(self) -> bool:
        """Whether the path is one of a single machine.

        Examples
        --------
        >>> [RelatedFile(path, "").is_absolute for path in ("store/turns", "/srv/turns", "abs:///srv", "C:/turns")]
        [False, True, True, True]
        """
        return self.path.startswith(("/", "\\", "~", f"{_ABSOLUTE}://")) or self.path[1:_LIKE_A_DRIVE] in {":/", ":\\"}


def related_files(document: TicketDocument) -> Iterator[RelatedFile]:
    """The entries of a document, each either a path or a map of ``Path`` and ``Note``."""
    for entry in document.list_of("RelatedFiles"):
        if isinstance(entry, dict):
            yield RelatedFile(_text(entry.get("Path")), _text(entry.get("Note")))
        else:
            yield RelatedFile(_text(entry), "")


def is_there(path: str, document: TicketDocument, ticket: Ticket) -> bool:
    """Whether a related file exists: below the anchor that its path names, else from any folder up to the root."""
    anchor, found, rest = path.partition("://")
    near = document.path.parent
    anchors = {
        "repo": [ticket.root],
        "ws": [ticket.root],
        "docs": [ticket.folder.parent],
        "doc": [near],
        _ABSOLUTE: [Path("/")],
    }
    bases = anchors.get(anchor, []) if found else [each for each in (near, *near.parents) if _within(each, ticket)]
    return any(exists(base / (rest if found else path)) for base in bases)


def leads_nowhere(link: str, document: TicketDocument, ticket: Ticket) -> bool:
    """Whether a link to a file has none at its end; links to elsewhere and within the page are not looked at."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return True
    if parts.scheme or parts.netloc or not parts.path:
        return False
    base = ticket.root if parts.path.startswith("/") else document.path.parent
    return not exists(base / unquote(parts.path).lstrip("/"))


def exists(path: Path) -> bool:
    """Whether something is there; what cannot be a path is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _within(folder: Path, ticket: Ticket) -> bool:
    return folder.is_relative_to(ticket.root)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
