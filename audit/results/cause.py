"""What is wrong in the words of people, and how far it goes: records of results.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault that a person would describe in one sentence."""

    check: Annotated[str, "The check that names it."]
    suite: Annotated[str, "Suite of that check."]
    severity: Annotated[str, "critical, warning or info."]
    kind: Annotated[str, "What it is: lost, wrong, made_up, missing or form."]
    sentence: Annotated[str, "What is wrong, with the number."]
    findings: Annotated[int, "Findings of that check which nobody has accepted and which follow from no other cause."]
    turns: Annotated[int, "Distinct turns among them."]
    conversations: Annotated[int, "Distinct conversations among them."]
    consequences: Annotated[
        Mapping[str, int], "Findings of other checks that follow from it, on the same rows, by name of the check."
    ] = field(default_factory=dict)

    @property
    def following(self) -> int:
        """Findings of other checks that follow from it."""
        return sum(self.consequences.values())


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the findings go that nobody has accepted: each turn and each conversation counts once."""

    turns: Annotated[int, "Distinct turns that are named."] = 0
    conversations: Annotated[int, "Distinct conversations that are named."] = 0
