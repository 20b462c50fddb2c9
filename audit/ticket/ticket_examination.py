"""Everything that is wrong with a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from audit.ticket import closeout_checks, workspace_checks
from audit.ticket.sql_examples import failing_examples
from audit.ticket.ticket_folder import Ticket
from audit.ticket.ticket_remark import Level, TicketRemark

STALE_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Examination:
    """A ticket and what is wrong with it, errors first."""

    ticket: Ticket
    remarks: tuple[TicketRemark, ...]

    def fails(self, at: Level) -> bool:
        """Whether something is as bad as that, or worse."""
        levels = list(Level)
        return any(levels.index(each.severity) <= levels.index(at) for each in self.remarks)

    def to_json(self) -> dict[str, Any]:
        """The ticket in numbers and its rows."""
        done = sum(task.done for _, task in self.ticket.tasks)
        return {
            "ticket": self.ticket.name,
            "status": self.ticket.status,
            "tasks": {"done": done, "open": len(self.ticket.tasks) - done},
            "rows": [remark.to_json(self.ticket.name) for remark in self.remarks],
        }


def examine(
    ticket: Ticket, *, now: datetime, stale_after: timedelta = STALE_AFTER, database: Path | None = None
) -> Examination:
    """Look at a ticket; nothing is written.

    Parameters
    ----------
    now
        The moment from which its age counts, with a zone.
    database
        File on which the SQL of its documents is tried; without one it is not.
    """
    found = [
        *workspace_checks.indexes(ticket),
        *workspace_checks.fields(ticket),
        *workspace_checks.words(ticket),
        *workspace_checks.files(ticket),
        *workspace_checks.names(ticket),
        *workspace_checks.age(ticket, now, stale_after),
        *closeout_checks.boxes(ticket),
        *closeout_checks.statuses(ticket),
        *closeout_checks.links(ticket),
        *closeout_checks.places(ticket),
        *(failing_examples(ticket, database) if database else ()),
    ]
    levels = list(Level)
    return Examination(ticket, tuple(sorted(found, key=lambda each: levels.index(each.severity))))
