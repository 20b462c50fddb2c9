"""What happened when: conversations with findings, turn by turn, and the whole history by period; of results.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

NOT_THERE, UNKNOWN, LEFT_OUT, ANOTHER = "-", ".", " ", "?"
"""Signs of a lane beside the letters: no such turn in that file, no runtime, turns left out, a runtime without letter.

The texts of a lane have one sign a turn, and stand below each other.
"""

NAME_CHARACTERS = 200
"""Characters that are kept of an id or a runtime: one that has so many was cut."""


@dataclass(frozen=True, slots=True)
class DamagedTurn:
    """A turn of a lane that findings name."""

    session_id: Annotated[str, "Session of the turn."]
    turn_id: Annotated[str, "The turn."]
    position: Annotated[int, "Its place in the texts of the lane, from 0."]
    checks: Annotated[tuple[str, ...], "Checks that name it, the gravest first."]


@dataclass(frozen=True, slots=True)
class Lane:
    """A conversation that findings name: its turns around the damage in order, one sign each."""

    conv_id: Annotated[str, "The conversation."]
    severity: Annotated[str, "The gravest severity of the findings that name it."]
    checks: Annotated[tuple[str, ...], "Checks that name it or one of its turns, the gravest first."]
    turns: Annotated[int, "All its turns, in this file or the one from before."]
    damaged: Annotated[int, "Those of them that findings name."]
    runtimes: Annotated[Mapping[str, str], "Letter to the runtime it stands for; long names are cut."]
    before: Annotated[str, "Runtimes in the file from before, '' if none was given; '-' where it lacks the turn."]
    after: Annotated[str, "Runtimes in this file; '.' is unknown, '-' no such turn, a blank turns left out."]
    evidence: Annotated[str, "Runtimes that the metadata of the turns names."]
    pointer: Annotated[str, "Sign of the runtime that the conversation record names, '' without such a record."]
    damage: Annotated[tuple[DamagedTurn, ...], "The damaged turns that the lane shows."] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """One day, month or year of the history."""

    label: Annotated[str, "YYYY, YYYY-MM or YYYY-MM-DD, UTC."]
    runtimes: Annotated[Mapping[str, int], "Runtime to the turns it produced; '' is unknown, the rest is counted."]
    others: Annotated[int, "Turns of runtimes that are not among the most used."]
    switches: Annotated[int, "Turns whose runtime is another one than that of the last known turn before."]


@dataclass(frozen=True, slots=True)
class Chronology:
    """What happened when."""

    lanes: Annotated[tuple[Lane, ...], "Conversations with findings, the gravest first, at most 50."] = ()
    conversations: Annotated[int, "Conversations with findings, drawn or not."] = 0
    unit: Annotated[str, "day, month or year: the length of a period; '' without one."] = ""
    periods: Annotated[tuple[Period, ...], "The history by period, in order."] = field(default=())
