"""What a section of the laboratory is: one kind of fault, its trials, and its words in the document."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import Outcome, Trial


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a trial takes place.

    Attributes
    ----------
    folder
        Empty, the trial's own, removed when it has ended.
    shared
        What :meth:`Section.prepare` made for all trials of its section: only read it.
    tool
        The command line that is tried. Tests put a broken one here, and see that it is recognised.
    """

    folder: Path
    shared: Path
    tool: Tool = TURNTRUTH


class Section(ABC):
    """One kind of fault. A module in ``sections/`` has one as ``SECTION``: there is no list to add it to.

    Attributes
    ----------
    name
        That of the module.
    sentence
        What is tried, in one sentence.
    trials_by_default
        As many as a whole campaign makes.
    limit_s
        Seconds after which a trial is given up as a hang.
    done, right, not_covered
        Paragraphs of the document: what is done to the file, what is right, what this section does not see.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    trials_by_default: ClassVar[int]
    limit_s: ClassVar[float] = 120.0
    done: ClassVar[str]
    right: ClassVar[str]
    not_covered: ClassVar[str]

    def prepare(self, shared: Path, tool: Tool = TURNTRUTH) -> None:  # noqa: B027  many have nothing to prepare
        """Make what all trials read, such as big files, in an empty folder; once in a campaign."""

    @abstractmethod
    def subject(self, number: int) -> str:
        """What the trial of this number tries: sections go round what they have, so that a few trials see it all."""

    def trials(self, seed: int, count: int) -> Iterator[Trial]:
        """The first trials of a seed: fewer are the beginning of more."""
        for number in range(count):
            yield Trial(self.name, number, f"{seed}/{self.name}/{number}", self.subject(number))

    @abstractmethod
    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        """Make the trial. What it raises besides FaultFoundError is told as a failure of the laboratory."""
