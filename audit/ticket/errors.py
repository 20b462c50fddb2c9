"""What keeps a ticket from being read or closed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audit.errors import InputFileError, UsageError


class NoTicketError(InputFileError):
    """The folder is not there, or holds no document."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder, "no ticket lies there", "Give the folder of a ticket: one that has index.md and tasks.md"
        )


class UnreadableDocumentError(InputFileError):
    """A document that has to be changed cannot be read as what it should be."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem, "Run turntruth ticket-doctor, and put right what it names")


class OpenTasksError(UsageError):
    """Boxes are open, so that the ticket cannot be closed."""

    def __init__(self, tasks: Sequence[tuple[str, int, str]]) -> None:
        self.tasks = tuple(tasks)
        first = "; ".join(f"{path}:{line} {text}" for path, line, text in tasks[:3])
        more = f"; and {len(tasks) - 3} more" if len(tasks) > 3 else ""
        super().__init__(
            f"the ticket stays open, nothing was written: {len(tasks)} other boxes are not ticked ({first}{more}). "
            "Do and tick them first"
        )
