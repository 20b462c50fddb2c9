"""Looks for files on which a check with a mistake says something else than the right one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from audit.checks.check import Check
from benchmarks.detection.mutants.incremental import Identity, IncrementalChecks
from benchmarks.detection.mutants.mutation import Mutant, mutants_of


@dataclass(frozen=True, slots=True)
class Noticed:
    """A mutant of a check that a file of the drill tells from the check: ``by`` is a fault, or harmless files."""

    check: str
    change: str
    by: str


def is_hunted(check: Check) -> bool:
    """Whether the drill tries mutants of a check: not of those for the debug API, which only a whole audit asks."""
    return "api" not in check.needs


class Hunt:
    """Lets every mutant that nobody has noticed yet look at the files at which its check has just looked."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._alive: dict[str, list[Mutant]] = {
            check.name: list(mutants_of(check)) for check in checks if is_hunted(check)
        }
        self._noticed: list[Noticed] = []

    def look(self, checks: IncrementalChecks, check: Check, said: frozenset[Identity], by: str) -> None:
        """Compare what the mutants of a check say with what it said of the same files."""
        for mutant in tuple(self._alive.get(check.name, ())):
            try:
                is_noticed = checks.identities(mutant.sql, check.identity) != said
            except duckdb.Error:
                is_noticed = True  # an audit would say that it could not run the check
            if is_noticed:
                self._alive[check.name].remove(mutant)
                self._noticed.append(Noticed(check.name, mutant.change, by))

    def take_noticed(self) -> list[Noticed]:
        """What was noticed since the last call."""
        found, self._noticed = self._noticed, []
        return found
