"""What is tried once, and what came of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Kind(enum.StrEnum):
    """What came of a trial: ``held`` is the only good one, all others up to ``broken`` are defects of turntruth."""

    HELD = "held"
    LOST = "lost"
    FALSE_PASS = "false_pass"
    TRACEBACK = "traceback"
    HANG = "hang"
    CHANGED = "changed"
    LEFTOVER = "leftover"
    WRONG_MESSAGE = "wrong_message"
    BROKEN = "broken"


MEANINGS: Mapping[Kind, str] = {
    Kind.HELD: "everything was as it should be",
    Kind.LOST: "data that had been committed was gone, or other than after an undisturbed run",
    Kind.FALSE_PASS: "an audit passed a file that is not right",
    Kind.TRACEBACK: "a command ended with a traceback, with an error of its own that it calls a defect, or by a signal",
    Kind.HANG: "a command did not end within the time a trial has",
    Kind.CHANGED: "a command refused, or only reads, and a byte was changed nevertheless",
    Kind.LEFTOVER: "a private folder, a partial file or a lock was left after the run that followed",
    Kind.WRONG_MESSAGE: "a command ended with a wrong exit code, or said what is not so",
    Kind.BROKEN: "the laboratory itself went wrong, which says nothing of turntruth",
}


class FaultFoundError(Exception):
    """Raised inside a trial where something is wrong; the campaign makes an outcome of it."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to try.

    Attributes
    ----------
    section, number
        Together they name the trial in a campaign; numbers begin with 0.
    seed
        All that is random in the trial follows from it: the same seed, the same trial.
    subject
        What is tried, in the words of its section.
    """

    section: str
    number: int
    seed: str
    subject: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial.

    ``detail`` says it so that a person can act on it. Where it held it is one of few words, counted in the document
    (such as "killed", "had ended before"), or ''.
    """

    trial: Trial
    kind: Kind
    detail: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """A line of the journal."""
        return {
            "section": self.trial.section,
            "number": self.trial.number,
            "seed": self.trial.seed,
            "subject": self.trial.subject,
            "kind": self.kind.value,
            "detail": self.detail,
            "seconds": round(self.seconds, 3),
        }

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Outcome:
        """The outcome that a line of the journal tells of; KeyError or ValueError if it tells of none."""
        trial = Trial(line["section"], int(line["number"]), line["seed"], line["subject"])
        return cls(trial, Kind(line["kind"]), line["detail"], float(line["seconds"]))
