"""Which checks of the catalogue a run makes: ``--select`` and ``--exclude`` take suites and checks."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from audit.checks.catalog import BrokenCheck, Catalog
from audit.checks.check import Check
from audit.errors import UsageError


class UnknownNameError(UsageError):
    """A name that is neither a suite nor a check; ``similar`` holds names that look like it."""

    def __init__(self, name: str, where: str, similar: Sequence[str]) -> None:
        self.name = name
        self.where = where
        self.similar = tuple(similar)
        advice = f"Did you mean {' or '.join(similar)}?" if similar else "`turntruth checks` lists them"
        super().__init__(f"{where}: there is no check or suite {name!r}. {advice}")


@dataclass(frozen=True, slots=True)
class Selection:
    """Names of suites, checks, or ``suite/check``; what is excluded is not run even if it is selected.

    Attributes
    ----------
    select
        What to run; () for everything.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, check: Check | BrokenCheck) -> bool:
        """Whether a run makes this check."""
        names = _names_of(check)
        return (not self.select or not names.isdisjoint(self.select)) and names.isdisjoint(self.exclude)

    def __str__(self) -> str:
        parts = {"select": self.select, "exclude": self.exclude}
        return ", ".join(f"{word} {' '.join(names)}" for word, names in parts.items() if names)


def require_known(known: Collection[str], names: Iterable[str], where: str) -> None:
    """Refuse a name that is none of the known ones.

    Raises
    ------
    UnknownNameError
        Tells the names that look like it.
    """
    for name in names:
        if name not in known:
            raise UnknownNameError(name, where, difflib.get_close_matches(name, sorted(known), n=3))


def split_catalog(catalog: Catalog, selection: Selection) -> tuple[Catalog, tuple[Check | BrokenCheck, ...]]:
    """The catalogue that a run makes, and what it leaves out, in order.

    Raises
    ------
    UnknownNameError
        A name is none of the catalogue's.
    UsageError
        Nothing is left to run.
    """
    everything: tuple[Check | BrokenCheck, ...] = (*catalog.checks, *catalog.broken)
    known = {name for check in everything for name in _names_of(check)}
    require_known(known, selection.select, "select")
    require_known(known, selection.exclude, "exclude")
    taken = Catalog(
        tuple(check for check in catalog.checks if selection.takes(check)),
        tuple(check for check in catalog.broken if selection.takes(check)),
    )
    left_out = tuple(check for check in everything if not selection.takes(check))
    if left_out and len(left_out) == len(everything):
        raise UsageError(f"{selection}: no check is left to run. Select others or exclude fewer")
    return taken, left_out


def _names_of(check: Check | BrokenCheck) -> set[str]:
    return {check.name, check.suite, f"{check.suite}/{check.name}"}
