"""A ticket as it lies in its folder: the index, the other documents, and the vocabulary they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from audit.ticket.errors import NoTicketError
from audit.ticket.ticket_document import Task, TicketDocument, read_document

INDEX, TASKS = "index.md", "tasks.md"
PLAIN = ("README.md", TASKS, "changelog.md")
"""Documents of the ticket's own folder that have no front matter."""

_SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that was read.

    Attributes
    ----------
    root
        The repository it lies in: the nearest folder above with ``.git``, else the folder that holds the ticket's.
    vocabulary
        Known words by list (``topics``, ``docTypes``, ``intent``, ``status``); None where no file says any.
    """

    folder: Path
    root: Path
    documents: tuple[TicketDocument, ...]
    vocabulary: Mapping[str, frozenset[str]] | None

    @property
    def indexes(self) -> list[TicketDocument]:
        """Every document called index.md, that of the ticket's own folder first."""
        return [each for each in self.documents if each.path.name == INDEX]

    @property
    def index(self) -> TicketDocument | None:
        """The index of the ticket, if it has one."""
        return next((each for each in self.documents if each.path == self.folder / INDEX), None)

    @property
    def name(self) -> str:
        """What the ticket is called: by its index, else by its folder."""
        return (self.index.text_of("Ticket") if self.index else "") or self.folder.name

    @property
    def status(self) -> str:
        """The status that the index states, in small letters."""
        return self.index.text_of("Status").lower() if self.index else ""

    @property
    def is_complete(self) -> bool:
        """Whether the index says that all is done."""
        return self.status == "complete"

    @property
    def tasks(self) -> list[tuple[TicketDocument, Task]]:
        """All boxes, of whatever document."""
        return [(document, task) for document in self.documents for task in document.tasks]

    @property
    def with_front_matter(self) -> list[TicketDocument]:
        """The documents that must have front matter."""
        plain = {self.folder / name for name in PLAIN}
        return [each for each in self.documents if each.path not in plain]

    def shown(self, path: Path) -> str:
        """A path as remarks name it: from the root, so that no machine is in it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name


def read_ticket(folder: Path) -> Ticket:
    """Read a ticket with all its documents; those below ``sources/`` were written elsewhere and are left out.

    Raises
    ------
    NoTicketError
        The folder is not there, or has no document.
    """
    folder = folder.resolve()
    pages = sorted(path for path in folder.rglob("*.md") if path.is_file())
    own = [path for path in pages if _SOURCES not in path.relative_to(folder).parts]
    if not own:
        raise NoTicketError(folder)
    root = next((each for each in folder.parents if (each / ".git").exists()), folder.parent)
    return Ticket(folder, root, tuple(map(read_document, own)), _vocabulary(folder, root))


def _vocabulary(folder: Path, root: Path) -> Mapping[str, frozenset[str]] | None:
    """The words of the nearest vocabulary.yaml, from the ticket's folder up to the root."""
    within = [each for each in (folder, *folder.parents) if each.is_relative_to(root)]
    found = next((each / "vocabulary.yaml" for each in within if (each / "vocabulary.yaml").is_file()), None)
    if found is None:
        return None
    try:
        lists = yaml.safe_load(found.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(lists, dict):
        return None
    return {str(name): frozenset(_slugs(entries)) for name, entries in lists.items()}


def _slugs(entries: Any) -> set[str]:
    """The words of one list of the vocabulary."""
    listed = entries if isinstance(entries, list) else []
    return {str(each["slug"]) for each in listed if isinstance(each, dict) and "slug" in each}
