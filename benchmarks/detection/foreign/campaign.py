"""A whole drill of foreign pairs: every fault in every pair, some of them through the command as users run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audit.files.private_folder import PrivateFolder
from benchmarks.detection.foreign.fault import HARMLESS, ForeignFault, load_faults
from benchmarks.detection.foreign.handed_pairs import PAIRS
from benchmarks.detection.foreign.trial import (
    ForeignOutcome,
    ForeignTrial,
    compare,
    compare_by_command,
    read_handed,
    run_trial,
)

Progress = Callable[[int, int, ForeignOutcome | None], None]


@dataclass(frozen=True, slots=True)
class ForeignScale:
    """How much is done.

    Attributes
    ----------
    trials
        Of each fault in each pair.
    commands
        How many of each family in each pair are compared by ``turntruth diff``, as a process, as well.
    """

    trials: int = 10
    commands: int = 1
    seed: int = 20260224


@dataclass(slots=True)
class ForeignResult:
    """What was found out. ``no_target`` are pair and fault where the pair has no place for the fault."""

    scale: ForeignScale
    faults: dict[str, ForeignFault]
    outcomes: list[ForeignOutcome] = field(default_factory=list)
    commands: list[ForeignOutcome] = field(default_factory=list)
    no_target: list[tuple[str, str]] = field(default_factory=list)

    def family(self, outcome: ForeignOutcome) -> str:
        """What family a trial is of."""
        return self.faults[outcome.trial.fault].family

    @property
    def faulty(self) -> list[ForeignOutcome]:
        """Trials of what is a fault."""
        return [each for each in self.outcomes if self.family(each) != HARMLESS]

    @property
    def harmless(self) -> list[ForeignOutcome]:
        """Trials of what is none."""
        return [each for each in self.outcomes if self.family(each) == HARMLESS]

    @property
    def wrong(self) -> list[ForeignOutcome]:
        """Trials of which not exactly what had to be named was named."""
        return [each for each in (*self.outcomes, *self.commands) if not each.is_exact]


def run_foreign(
    scale: ForeignScale,
    folder: Path,
    *,
    only: Sequence[str] = (),
    pairs: Sequence[str] = tuple(PAIRS),
    progress: Progress | None = None,
) -> ForeignResult:
    """Make the faults in copies of the pairs in a folder.

    Parameters
    ----------
    only
        Families, or ids of faults; all if empty.
    progress
        Called with the number of trials done, that of all, and what came of the last one.
    """
    faults = {key: each for key, each in load_faults().items() if not only or each.family in only or key in only}
    result = ForeignResult(scale, faults)
    done, planned = 0, len(faults) * len(pairs)
    with PrivateFolder() as private:
        for name in pairs:
            place = private / name
            (place / "handed").mkdir(parents=True)
            data = read_handed(PAIRS[name], folder, place / "handed")
            for fault in faults.values():
                outcomes = []
                for trial in plan(scale, name, fault):
                    outcome = run_trial(data, fault, trial, place, compare)
                    if outcome is not None:
                        outcomes.append(outcome)
                if not outcomes:
                    result.no_target.append((name, fault.id))
                result.outcomes += outcomes
                done += 1
                if progress:
                    progress(done, planned, next((each for each in outcomes if not each.is_exact), None))
            for fault in _sample(faults, scale.commands):
                for trial in plan(scale, name, fault)[:1]:
                    outcome = run_trial(data, fault, trial, place, compare_by_command)
                    result.commands += [outcome] if outcome else []
    return result


def plan(scale: ForeignScale, pair: str, fault: ForeignFault) -> list[ForeignTrial]:
    """The trials of one fault in one pair."""
    return [
        ForeignTrial(pair, fault.id, f"{scale.seed}/{pair}/{fault.id}/{number}") for number in range(scale.trials)
    ]  # fmt: skip


def _sample(faults: dict[str, ForeignFault], count: int) -> Iterator[ForeignFault]:
    """So many of each family, which lie far apart."""
    families: dict[str, list[ForeignFault]] = {}
    for fault in faults.values():
        families.setdefault(fault.family, []).append(fault)
    for members in families.values():
        yield from members[:: max(1, len(members) // max(1, count))][:count]
