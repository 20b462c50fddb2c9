"""What a comparison has to say of a damaged pair: the findings of the undamaged one, less some, and some more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.detection.foreign.values import ordered


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What one finding is about: what became of which kind of thing, and where. ``key`` has its members in order."""

    change: str
    kind: str
    table: str = ""
    column: str = ""
    key: str = ""

    @classmethod
    def of(cls, finding: Mapping[str, str]) -> Place:
        """The place of a finding as the comparison wrote it."""
        return cls(
            finding["change"], finding["kind"], finding["table"], finding["column"], ordered(finding["key"])
        )  # fmt: skip

    def __str__(self) -> str:
        """In a line."""
        return " ".join(filter(None, (self.change, self.kind, self.table, self.column, self.key)))


@dataclass(slots=True)
class Wanted:
    """What a fault changes in the findings: ``comes`` must be named, ``goes`` must be named no more.

    ``words`` has for a place what its finding must say of the definition, so that no other clause is meant.
    """

    comes: Counter[Place] = field(default_factory=Counter)
    goes: Counter[Place] = field(default_factory=Counter)
    words: dict[Place, str] = field(default_factory=dict)

    def add(self, *places: Place) -> None:
        """These must be named."""
        self.comes.update(places)

    def take(self, places: Iterable[Place]) -> None:
        """These must be named no more."""
        self.goes.update(places)

    def of(self, base: Counter[Place]) -> Counter[Place]:
        """All that must be named of a pair of which ``base`` is named where it is undamaged."""
        return base - self.goes + self.comes
