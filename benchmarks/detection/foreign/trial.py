"""One fault in a copy of one pair, and whether the comparison names it exactly."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw
import orjson

from audit.comparison.pair.pair_comparison import compare_pair
from audit.errors import AuditError
from benchmarks.detection.foreign.fault import ForeignFault
from benchmarks.detection.foreign.handed_pairs import HandedPair
from benchmarks.detection.foreign.pair_data import PairData, read_pair
from benchmarks.detection.foreign.site import NoTargetError, Site
from benchmarks.detection.foreign.wanted import Place, Wanted

_ATTEMPTS = 5
_SHOWN = 3
_UNSAID = re.compile(r"[\s\"'`\[\]]")

Finding = Mapping[str, str]
Comparison = Callable[[Path, Path], Sequence[Finding]]


def _all_of(wanted: Wanted) -> Wanted:
    return wanted


@dataclass(frozen=True, slots=True)
class Judging:
    """How a damaged pair is compared: ``base`` is what is found undamaged, ``admit`` leaves out what is meant."""

    comparison: Comparison
    base: Counter[Place]
    admit: Callable[[Wanted], Wanted] = _all_of


class NotComparedError(AuditError):
    """A comparison did not end as one of readable files has to."""

    def __init__(self, found: str) -> None:
        super().__init__(f"a damaged copy was not compared to its end: {found}. Run turntruth diff on such a pair")


@dataclass(frozen=True, slots=True)
class ForeignTrial:
    """Which fault is made in which pair; the same seed makes the same. ``contract``: it is judged by one."""

    pair: str
    fault: str
    seed: str
    contract: bool = False


@dataclass(frozen=True, slots=True)
class ForeignOutcome:
    """What the comparison said.

    Attributes
    ----------
    wanted, named
        Findings that the fault must bring, and how many of them it brought.
    hidden
        Findings of the undamaged pair that the fault does not undo, and that were not there any more.
    besides
        Findings that are neither of the undamaged pair nor of the fault.
    problems
        The first of those that are not as they should be, in words.
    broken
        The drill itself could not make the fault, which says nothing of the comparison.
    """

    trial: ForeignTrial
    wanted: int
    named: int
    hidden: int
    besides: int
    problems: tuple[str, ...]
    seconds: float
    broken: bool = False

    @property
    def family(self) -> str:
        """What the fault is of."""
        return self.trial.fault.partition(":")[0]

    @property
    def is_exact(self) -> bool:
        """Whether everything that had to be named was, and nothing else."""
        return self.named == self.wanted and not (self.hidden or self.besides or self.broken)

    @property
    def is_missed(self) -> bool:
        """Whether something had to be named of which nothing was."""
        return self.wanted > 0 and self.named == 0


def compare(before: Path, after: Path) -> list[Finding]:
    """All findings of a comparison in this process; it reads by the same library as the drill writes by.

    Raises
    ------
    NotComparedError
        A table could not be read to its end.
    """
    output = io.BytesIO()
    summary = compare_pair(before, after, output)
    if summary.errors:
        raise NotComparedError(str(summary.errors))
    return [orjson.loads(line) for line in output.getvalue().splitlines()]


def compare_by_command(before: Path, after: Path) -> list[Finding]:
    """The same by ``turntruth diff``, as a process.

    Raises
    ------
    NotComparedError
        It ended otherwise than its findings say.
    """
    command = [str(Path(sys.executable).with_name("turntruth")), "diff", str(before), str(after), "--format", "json"]
    ended = subprocess.run(command, capture_output=True, check=False)
    findings = orjson.loads(ended.stdout)["findings"] if ended.returncode in {0, 1} else []
    whole = all(each["change"] == "new" for each in findings)
    if ended.returncode != (0 if whole else 1):
        raise NotComparedError(f"exit code {ended.returncode}: {ended.stderr.decode(errors='replace').strip()}")
    return list(findings)


def read_handed(pair: HandedPair, folder: Path, copies: Path) -> PairData:
    """A pair as it was handed, copied first: nobody writes beside the originals."""
    paths = [Path(shutil.copyfile(path, copies / path.name)) for path in pair.paths(folder)]
    base = Counter(map(Place.of, compare(*paths)))
    return read_pair(pair.name, paths[0], paths[1], base)


def run_trial(
    data: PairData, fault: ForeignFault, trial: ForeignTrial, folder: Path, judging: Judging
) -> ForeignOutcome | None:
    """Make the fault in a copy and compare; None where the pair has no place for it."""
    started = time.monotonic()
    for attempt in range(_ATTEMPTS):
        paths = [Path(shutil.copyfile(path, folder / path.name)) for path in (data.before, data.after)]
        with Site(data, paths[0], paths[1], random.Random(f"{trial.seed}/{attempt}")) as site:
            try:
                fault.inject(site)
            except NoTargetError:
                continue
            except apsw.Error as error:
                problems = (f"could not be made: {type(error).__name__}: {error}",)
                return ForeignOutcome(trial, 0, 0, 0, 0, problems, time.monotonic() - started, broken=True)
        wanted = judging.admit(site.wanted)
        return score(trial, judging.base, wanted, judging.comparison(*paths), time.monotonic() - started)
    return None


def score(
    trial: ForeignTrial, base: Counter[Place], wanted: Wanted, findings: Sequence[Finding], seconds: float
) -> ForeignOutcome:
    """Hold what was found against what had to be."""
    found = Counter(map(Place.of, findings))
    expected = wanted.of(base)
    lacking = expected - found
    lost = lacking & wanted.comes
    hidden = lacking - lost
    besides = found - expected
    unsaid = [place for place, words in wanted.words.items() if not _is_said(words, place, findings)]
    problems = [
        *(f"not named: {place}" for place in _first(lost)),
        *(f"hidden: {place}" for place in _first(hidden)),
        *(f"named besides: {place}" for place in _first(besides)),
        *(f"not with its words: {place}" for place in unsaid),
    ]
    return ForeignOutcome(
        trial,
        wanted.comes.total(),
        wanted.comes.total() - lost.total() - len(unsaid),
        hidden.total(),
        besides.total(),
        tuple(problems),
        seconds,
    )


def _first(places: Iterable[Place]) -> list[Place]:
    return sorted(places)[:_SHOWN]


def _is_said(words: str, place: Place, findings: Iterable[Finding]) -> bool:
    """Whether a finding of that place tells this clause, in whatever blanks and quotes."""
    wanted = _UNSAID.sub("", words.lower())
    told = (finding["before"] for finding in findings if Place.of(finding) == place)
    return any(wanted == _UNSAID.sub("", each.lower()) for each in told)
