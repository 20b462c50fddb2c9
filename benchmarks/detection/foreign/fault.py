"""What a fault of a foreign pair is, and the catalogue of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from audit.errors import AuditError
from benchmarks.detection.foreign.site import Site

MODULES = (
    "rows",
    "keys",
    "loose_rows",
    "types",
    "texts",
    "neighbours",
    "units",
    "truncation",
    "objects",
    "columns",
    "constraints",
    "half_migrated",
    "pragmas",
    "harmless",
)
"""Modules of ``benchmarks.detection.foreign.faults``: each is a family, its docstring says what it is."""

HARMLESS = "harmless"
"""The family of what is no fault: nothing more may be named."""

Injector = Callable[[Site], None]


@dataclass(frozen=True, slots=True)
class ForeignFault:
    """One way in which a file after can differ: ``inject`` makes it, and wants on the site what must be named."""

    family: str
    title: str
    inject: Injector

    @property
    def id(self) -> str:
        """Family and title."""
        return f"{self.family}: {self.title}"


_REGISTRY: dict[str, ForeignFault] = {}


def fault(title: str) -> Callable[[Injector], Injector]:
    """Register the decorated injector in the family of its module."""

    def register(inject: Injector) -> Injector:
        add(inject.__module__.rpartition(".")[2], title, inject)
        return inject

    return register


def add(family: str, title: str, inject: Injector) -> None:
    """Register a fault."""
    one = ForeignFault(family.replace("_", " "), title, inject)
    if one.id in _REGISTRY:
        raise AuditError(f"two faults of foreign pairs are called {one.id!r}")
    _REGISTRY[one.id] = one


def load_faults() -> dict[str, ForeignFault]:
    """Every fault by its id, in the order of families."""
    for name in MODULES:
        import_module(f"benchmarks.detection.foreign.faults.{name}")
    order = [name.replace("_", " ") for name in MODULES]
    return dict(sorted(_REGISTRY.items(), key=lambda item: order.index(item[1].family)))
