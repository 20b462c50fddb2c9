"""What is asked of one file of a fleet, and what is answered: the words between this room and whatever migrates.

This room knows no migration. It is given a function of a module, which a process of its own imports by its name, asks
it one question after the other, and takes its answers as they are described here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any


class Action(StrEnum):
    """What is to be done with a file."""

    FORESEE = "foresee"
    LOOK = "look"
    MIGRATE = "migrate"
    ROLL_BACK = "roll_back"


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be done with which file; what stands last is for going back only."""

    action: Annotated[Action, "What is to be done."]
    path: Annotated[str, "The turns database."]
    evidence: Annotated[str, "Which places in metadata may name a runtime: all or direct."] = "all"
    rebuild: Annotated[str, "'yes' where tables that are declared otherwise may be copied anew."] = ""
    backup: Annotated[str, "The backup to go back to."] = ""
    backup_sha256: Annotated[str, "Content hash of that backup as the migration recorded it, '' if it did not."] = ""
    content: Annotated[str, "Hash of all that the file held when its migration was done, '' if it was not done."] = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """How it ended, why if not well, and what is said of the file."""

    outcome: Annotated[Outcome, "How it ended."]
    reason: Annotated[str, "In a sentence, why it did not end well; '' where it did."] = ""
    kind: Annotated[str, "The name of the error, '' for none."] = ""
    said: Annotated[Mapping[str, Any], "The record that belongs to the action, as plain values."] = field(
        default_factory=dict
    )

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read what a process answered."""
        document = json.loads(text)
        return cls(Outcome(document["outcome"]), document["reason"], document["kind"], document["said"])


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What migrating a file would do; sizes in bytes, the time in seconds."""

    status: Annotated[str, "would_migrate, already_migrated or refused."]
    shape: Annotated[str, "What the file is recognised as."]
    reason: Annotated[str, "Why it is refused, '' if not."] = ""
    rows: Annotated[int, "Its turns."] = 0
    to_fill: Annotated[int, "Values that would be filled."] = 0
    changes: Annotated[int, "Cells that would be changed."] = 0
    size_bytes: Annotated[int, "The file with its log."] = 0
    backup_bytes: Annotated[int, "What its backup takes."] = 0
    growth_bytes: Annotated[int, "What it grows by."] = 0
    passing_bytes: Annotated[int, "What is taken while it is migrated, and free again afterwards."] = 0
    seconds: Annotated[float, "How long it takes, estimated."] = 0.0
    warnings: Annotated[tuple[str, ...], "What else its own plan tells."] = ()
    wrote_nothing: Annotated[str, "'yes' where the file was the same before and after."] = "yes"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger of a file says last; all '' where there is none."""

    migration_id: Annotated[str, "The run that began last."] = ""
    state: Annotated[str, "Its state."] = ""
    backup: Annotated[str, "Its backup, where that lies now; '' for none."] = ""
    backup_sha256: Annotated[str, "Content hash of that backup, as recorded."] = ""

    @property
    def mark(self) -> str:
        """A text that is another one as soon as the ledger says anything else of its last run."""
        return f"{self.migration_id}:{self.state}" if self.migration_id else ""

    @property
    def is_complete(self) -> bool:
        """Whether the run has come to its end."""
        return self.state.startswith("completed")


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done with a file, and what its ledger says now."""

    status: Annotated[str, "migrated, completed_with_residue or already_migrated."]
    standing: Annotated[Standing, "What its ledger says now."]
    before: Annotated[str, "What it said when nobody else could write any more, as `Standing.mark` has it."] = ""
    rows: Annotated[int, "Its turns."] = 0
    filled: Annotated[int, "Values that were filled."] = 0
    unknown: Annotated[int, "Values that nothing tells."] = 0
    changes: Annotated[int, "Cells that were changed."] = 0
    content: Annotated[str, "Hash of all that it holds now."] = ""
    warnings: Annotated[tuple[str, ...], "What is left over, a sentence each."] = ()


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What became of a file that was taken back."""

    backup: Annotated[str, "What it was taken back to."]
    was_there: Annotated[str, "'yes' where it held just that already."] = ""
    kept: Annotated[str, "Where the file lies as it was replaced, '' if nothing was."] = ""


FileWork = Callable[[Question], Foreseen | Standing | Migrated | RolledBack]
"""A function of a module: it answers, or raises an error whose ``exit_code`` is 2 if the file is refused."""


def name_of(work: FileWork) -> str:
    """The name by which a process of its own finds the function."""
    return f"{work.__module__}:{work.__qualname__}"
