"""What is wrong with a ticket, one row each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is; ``INFO`` is never a reason to fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class TicketRemark:
    """One thing that is wrong.

    Attributes
    ----------
    issue
        Its kind, as docmgr's doctor calls it where that knows it.
    path
        The document, from the root of the repository.
    line
        Line of the document; 0 where none can be named.
    """

    issue: str
    severity: Level
    message: str
    path: str
    line: int = 0

    def to_json(self, ticket: str) -> dict[str, Any]:
        """The row as JSON, with the ticket it is about."""
        return {"ticket": ticket, **asdict(self)}
