"""What a rival is, and how it is asked about one fault or one harmless control."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import apsw


class NotRunError(Exception):
    """A rival is not installed here: what it would have said is unknown, which is no miss of its."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rival says of files.

    Attributes
    ----------
    said
        Everything it can be read from, down to the number of rows a rule does not hold for.
    alarm
        Whether whoever gates a release on it would stop.
    """

    said: object
    alarm: bool


Look = Callable[[Path], Answer]


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to look; ``look`` gets the folder with turns.db, timeline.db and baseline.db."""

    name: str
    look: Look


@dataclass(frozen=True, slots=True)
class Sight:
    """What a rival made of one fault or control; ``seen`` is None, with the reason, where it could not be run."""

    rival: str
    subject: str
    control: bool
    seen: bool | None
    seconds: float
    reason: str = ""


def look_at_fault(rival: Rival, folder: Path, subject: str, clean: Answer | NotRunError) -> Sight:
    """Whether it says anything else than it says of the clean files: even a count that moved by one."""
    return _sight(rival, folder, subject, clean)


def look_at_control(rival: Rival, folder: Path, subject: str) -> Sight:
    """Whether it would stop a release for files without a fault."""
    return _sight(rival, folder, subject, None)


def ask(rival: Rival, folder: Path) -> Answer | NotRunError:
    """What a rival says; a file that it cannot read is something it says."""
    try:
        return rival.look(folder)
    except NotRunError as error:
        return error
    except apsw.Error as error:
        return Answer(str(error), alarm=True)


def _sight(rival: Rival, folder: Path, subject: str, clean: Answer | NotRunError | None) -> Sight:
    started = time.perf_counter()
    answer = ask(rival, folder)
    seconds = time.perf_counter() - started
    for each in (answer, clean):
        if isinstance(each, NotRunError):
            return Sight(rival.name, subject, clean is None, None, 0, str(each))
    assert isinstance(answer, Answer)
    seen = answer != clean if clean else answer.alarm
    return Sight(rival.name, subject, clean is None, seen, seconds)
