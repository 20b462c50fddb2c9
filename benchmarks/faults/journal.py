"""What a campaign has found out so far: a file of JSON lines, so that whatever ends it, the next run goes on.

The first line says what the campaign is, each other tells the outcome of one trial.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apsw

from benchmarks.faults.trial import Outcome


class JournalError(Exception):
    """A journal that cannot be used."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a campaign is: its seed, how many trials each section has, and where and when it began.

    Resuming needs the same seed; sections and numbers of trials may be others, which are done besides.
    """

    seed: int
    planned: Mapping[str, int]
    began: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}")
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    machine: str = field(default_factory=lambda: f"{platform.machine()}, {platform.system()}")
    versions: Mapping[str, str] = field(
        default_factory=lambda: {
            "turntruth": version("turntruth"),
            "Python": platform.python_version(),
            "SQLite": apsw.sqlite_lib_version(),
            "DuckDB": version("duckdb"),
        }
    )


@dataclass(frozen=True, slots=True)
class Journal:
    """A campaign as it stands."""

    head: Head
    outcomes: tuple[Outcome, ...]

    @property
    def done(self) -> frozenset[tuple[str, int]]:
        """The trials that need not be made again."""
        return frozenset((each.trial.section, each.trial.number) for each in self.outcomes)


def read_journal(path: Path) -> Journal:
    """Read a journal; of a last line that was not finished nothing is known, and its trial is made again.

    Raises
    ------
    JournalError
        It is none.
    """
    lines = list(_whole_lines(path))
    if not lines or "planned" not in lines[0]:
        raise JournalError(f"{path} is no journal of a campaign: its first line must say seed and planned trials")
    try:
        heads = [Head(**line) for line in lines if "planned" in line]
        outcomes = {(line["section"], line["number"]): Outcome.from_json(line) for line in lines if "kind" in line}
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError(f"{path} was written by another version of the laboratory ({error}): begin anew") from error
    # A campaign that is resumed writes a head of its own: what it plans, beside what was done before.
    planned = {name: count for head in heads for name, count in head.planned.items()}
    return Journal(Head(**(asdict(heads[-1]) | {"planned": planned})), tuple(outcomes.values()))


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                return
            try:
                value = json.loads(line)
            except ValueError:
                continue  # a line that was cut when a campaign was killed, ended by the one that went on
            if isinstance(value, dict):
                yield value


class Pen:
    """Appends to a journal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, line: Head | Outcome) -> None:
        """Write a line, at once and whole."""
        value = line.to_json() if isinstance(line, Outcome) else asdict(line)
        os.write(self._descriptor, f"{json.dumps(value, ensure_ascii=False)}\n".encode())


@contextmanager
def writing(path: Path) -> Iterator[Pen]:
    """Open a journal to append to it, and end the line in which a killed campaign stopped."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            os.write(descriptor, b"\n")
        yield Pen(descriptor)
    finally:
        os.close(descriptor)
