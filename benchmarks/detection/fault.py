"""What a fault is: one way in which a file can be wrong, with the checks that would be right to name it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from audit.checks.check import Severity
from audit.errors import AuditError
from benchmarks.detection.files.site import Site

FAMILIES = {
    "S": "schema",
    "B": "completeness",
    "V": "values",
    "N": "collateral damage",
    "T": "times: units and clocks",
    "C": "continuity",
    "L": "ledger",
    "O": "the file itself",
    "A": "what others saw: an earlier audit, the debug API",
    "R": "the audit itself: reporting",
}
"""Letter of a fault's id to what the family is about."""

MODULES = (
    "declarations.schema",
    "declarations.tables",
    "declarations.rebuilds",
    "declarations.neighbours",
    "cells.completeness",
    "cells.values",
    "cells.texts",
    "cells.rows",
    "cells.blocks",
    "cells.contents",
    "declarations.headers",
    "cells.snapshots",
    "cells.times",
    "cells.clocks",
    "history.continuity",
    "history.pointers",
    "records.ledger",
    "records.changes",
    "declarations.files",
    "records.references",
    "records.answers",
    "records.reporting",
)
"""Modules of ``benchmarks.detection.faults``, each of which registers the faults it defines."""

Injector = Callable[[Site], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be wrong.

    Attributes
    ----------
    id
        Letter of the family and a number.
    checks
        The checks of which at least one must find it; findings of others are no mistake, but not enough.
    needs
        The input without which nobody can know of it, '' if the audited file alone (with its ledger) tells.
    severity
        What the right check is: a finding that only warns does not fail an audit by default.
    worlds
        Kinds of files in which the fault can occur; `benchmarks.detection.files.world` says what they are.
    sized
        Whether it can be done to any number of rows; other faults happen once.
    arms
        The audits that look at it, by the names of `benchmarks.detection.examiner.ARMS`.
    whole
        Whether only a whole audit, run as users run it, can see it: one that reads an API or writes a report.
    """

    id: str
    title: str
    checks: tuple[str, ...]
    inject: Injector
    needs: str = ""
    severity: Severity = Severity.CRITICAL
    worlds: tuple[str, ...] = ("plain",)
    sized: bool = True
    arms: tuple[str, ...] = ("without", "with")
    whole: bool = False

    @property
    def family(self) -> str:
        """The letter its id begins with."""
        return self.id[0]

    def is_knowable(self, given: Iterable[str]) -> bool:
        """Whether an audit that was given these inputs can know of it."""
        return not self.needs or self.needs in set(given)


_REGISTRY: dict[str, Fault] = {}


def fault(
    fault_id: str,
    title: str,
    *checks: str,
    needs: str = "",
    severity: Severity = Severity.CRITICAL,
    worlds: tuple[str, ...] = ("plain",),
    sized: bool = True,
    arms: tuple[str, ...] = ("without", "with"),
    whole: bool = False,
) -> Callable[[Injector], Injector]:
    """Register the decorated injector; an id is given once."""

    def register(inject: Injector) -> Injector:
        add(Fault(fault_id, title, checks, inject, needs, severity, worlds, sized, arms, whole))
        return inject

    return register


def add(one: Fault) -> None:
    """Register a fault."""
    if one.id in _REGISTRY and _REGISTRY[one.id].title != one.title:
        raise AuditError(f"two faults are called {one.id}: {_REGISTRY[one.id].title!r} and {one.title!r}")
    _REGISTRY[one.id] = one


def load_faults() -> dict[str, Fault]:
    """Every fault by id, in the order of families, then of numbers."""
    for name in MODULES:
        import_module(f"benchmarks.detection.faults.{name}")
    families = list(FAMILIES)
    return dict(sorted(_REGISTRY.items(), key=lambda item: (families.index(item[0][0]), int(item[0][1:]))))
