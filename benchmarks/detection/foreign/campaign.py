"""A whole drill of foreign pairs: every fault in every pair, some through the command, and under contracts."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from audit.files.private_folder import PrivateFolder
from benchmarks.detection.foreign.claims.contradictions import FAMILY
from benchmarks.detection.foreign.claims.judged import judged_trials
from benchmarks.detection.foreign.fault import HARMLESS, ForeignFault, load_faults
from benchmarks.detection.foreign.handed_pairs import PAIRS
from benchmarks.detection.foreign.pair_data import PairData
from benchmarks.detection.foreign.trial import (
    ForeignOutcome,
    ForeignTrial,
    Judging,
    compare,
    compare_by_command,
    read_handed,
    run_trial,
)
from benchmarks.detection.lifeline import hold_lifeline


@dataclass(frozen=True, slots=True)
class ForeignScale:
    """How much is done.

    Attributes
    ----------
    trials
        Of each fault in each pair; of each fault in a claim as well.
    beside
        Of each other fault under the contract of the pair.
    commands
        How many of each family in each pair are compared by ``turntruth diff``, as a process, as well.
    """

    trials: int = 4
    beside: int = 1
    commands: int = 1
    seed: int = 20260224


@dataclass(slots=True)
class PairOutcomes:
    """What was found out of one pair; ``no_target`` are faults that it has no place for."""

    outcomes: list[ForeignOutcome] = field(default_factory=list)
    commands: list[ForeignOutcome] = field(default_factory=list)
    judged: list[ForeignOutcome] = field(default_factory=list)
    no_target: list[str] = field(default_factory=list)


Progress = Callable[[str, PairOutcomes], None]


@dataclass(slots=True)
class ForeignResult:
    """What was found out. ``no_target`` are pair and fault where the pair has no place for the fault."""

    scale: ForeignScale
    faults: dict[str, ForeignFault]
    outcomes: list[ForeignOutcome] = field(default_factory=list)
    commands: list[ForeignOutcome] = field(default_factory=list)
    judged: list[ForeignOutcome] = field(default_factory=list)
    no_target: list[tuple[str, str]] = field(default_factory=list)

    @property
    def faulty(self) -> list[ForeignOutcome]:
        """Trials of what is a fault."""
        return [each for each in self.outcomes if each.family != HARMLESS]

    @property
    def harmless(self) -> list[ForeignOutcome]:
        """Trials of what is none."""
        return [each for each in self.outcomes if each.family == HARMLESS]

    @property
    def contradictions(self) -> list[ForeignOutcome]:
        """Trials under a contract, of faults in what it claims."""
        return [each for each in self.judged if each.family == FAMILY]

    @property
    def beside(self) -> list[ForeignOutcome]:
        """Trials under a contract, of all other faults and of what is none."""
        return [each for each in self.judged if each.family != FAMILY]

    @property
    def wrong(self) -> list[ForeignOutcome]:
        """Trials of which not exactly what had to be named was named."""
        return [each for each in (*self.outcomes, *self.commands, *self.judged) if not each.is_exact]


@dataclass(frozen=True, slots=True)
class _Job:
    """One fault in one pair, so many times; the outcomes go to ``results``."""

    results: list[ForeignOutcome]
    data: PairData
    fault: ForeignFault
    judging: Judging
    trials: list[ForeignTrial]


def run_foreign(
    scale: ForeignScale,
    folder: Path,
    *,
    only: Sequence[str] = (),
    pairs: Sequence[str] = tuple(PAIRS),
    workers: int = 1,
    progress: Progress | None = None,
) -> ForeignResult:
    """Make the faults in copies of the pairs in a folder.

    Parameters
    ----------
    only
        Families, or ids of faults; all if empty.
    workers
        Processes, each of which does a pair at a time; 0 for as many as there are processors.
    progress
        Called with the result of each pair.
    """
    result = ForeignResult(scale, asked_faults(only))
    found: dict[str, PairOutcomes] = {}
    if workers == 1 or len(pairs) == 1:
        for name in pairs:
            found[name] = run_pair(scale, folder, name, tuple(only))
            if progress:
                progress(name, found[name])
    else:
        # Started anew, not forked: what other threads hold would never be let go of.
        context = get_context("spawn")
        with ProcessPoolExecutor(workers or os.cpu_count(), context, initializer=hold_lifeline) as pool:
            running = {pool.submit(run_pair, scale, folder, name, tuple(only)): name for name in _heaviest_first(pairs)}
            for future in as_completed(running):
                found[running[future]] = future.result()
                if progress:
                    progress(running[future], future.result())
    for name in pairs:
        result.outcomes += found[name].outcomes
        result.commands += found[name].commands
        result.judged += found[name].judged
        result.no_target += [(name, fault) for fault in found[name].no_target]
    return result


def _heaviest_first(pairs: Sequence[str]) -> list[str]:
    """Those with the most tables take longest."""
    return sorted(pairs, key=list(PAIRS).index, reverse=True)


def asked_faults(only: Collection[str]) -> dict[str, ForeignFault]:
    """The faults of these families or ids; all if empty."""
    return {key: each for key, each in load_faults().items() if _is_asked(each, only)}


def run_pair(scale: ForeignScale, folder: Path, name: str, only: Sequence[str]) -> PairOutcomes:
    """All trials of one pair."""
    found = PairOutcomes()
    with PrivateFolder() as private:
        handed = private / "handed"
        handed.mkdir()
        data = read_handed(PAIRS[name], folder, handed)
        for job in _jobs(scale, data, only, found):
            tried = (run_trial(job.data, job.fault, trial, private, job.judging) for trial in job.trials)
            outcomes = [outcome for outcome in tried if outcome is not None]
            job.results.extend(outcomes)
            if not outcomes and job.results is found.outcomes:
                found.no_target.append(job.fault.id)
    return found


def _jobs(scale: ForeignScale, data: PairData, only: Collection[str], found: PairOutcomes) -> Iterator[_Job]:
    faults = asked_faults(only)
    plain, command = (Judging(each, data.base) for each in (compare, compare_by_command))
    for fault in faults.values():
        yield _Job(found.outcomes, data, fault, plain, plan(scale, data.name, fault))
    for fault in _sample(faults, scale.commands):
        yield _Job(found.commands, data, fault, command, plan(scale, data.name, fault)[:1])
    for beside, fault, judging in judged_trials(data, faults):
        if _is_asked(fault, only):
            trials = [replace(trial, contract=True) for trial in plan(scale, data.name, fault)]
            count = scale.trials if fault.family == FAMILY else scale.beside
            yield _Job(found.judged, beside, fault, judging, trials[:count])


def _is_asked(fault: ForeignFault, only: Collection[str]) -> bool:
    return not only or fault.family in only or fault.id in only


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
