"""The geometry of a lane and its text: the turns of one conversation, as the template ``lane.svg.j2`` draws them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from audit.report.shares import counted
from audit.results.chronology import ANOTHER, LEFT_OUT, NAME_CHARACTERS, NOT_THERE, DamagedTurn, Lane
from audit.results.records import AuditResult

COLOURS = 8
"""Colours that are told apart; the letters tell all runtimes apart."""

LANES_BYTES = 110_000
"""All lanes of a page together, so that the page stays small whatever the conversations hold."""

DAMAGED_TURNS_TOLD = 6
LANES_OPEN = 3

_CELL_PX, _ROW_PX, _LEFT_PX, _TOP_PX, _POINTER_PX = 20, 24, 76, 12, 90
_TOLD_CHARACTERS = 60
_WORDS = {NOT_THERE: "no such turn", ANOTHER: "another runtime"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a lane, in few elements: there are thousands of turns in a page.

    Attributes
    ----------
    shapes
        Style of what the turns say to one SVG path around all turns that say it.
    signs, sign_places
        Letters, and where each of them stands.
    """

    name: str
    y: int
    shapes: Mapping[str, str]
    signs: str
    sign_places: str


@dataclass(frozen=True, slots=True)
class LanePicture:
    """A lane as a picture of these pixels, and beside it in words."""

    lane: Lane
    width: int
    height: int
    rows: tuple[Row, ...]
    pointer: str
    pointer_x: int
    marks: tuple[int, ...]
    legend: tuple[tuple[str, str, str], ...]
    sentences: tuple[str, ...]
    command: str

    @property
    def label(self) -> str:
        """What the picture shows, for who cannot see it."""
        shown = sum(sign != LEFT_OUT for sign in self.lane.after)
        return f"{counted(shown, 'turn')} in order, {len(self.lane.damage)} of them damaged; the list below names those"


def draw(lane: Lane, result: AuditResult) -> LanePicture:
    """Lay out one lane; the lengths of its texts are those that the audit keeps."""
    texts = [
        (name, text)
        for name, text in (("before", lane.before), ("after", lane.after), ("evidence", lane.evidence))
        if text
    ]
    rows = tuple(_row(name, text, _TOP_PX + number * _ROW_PX) for number, (name, text) in enumerate(texts))
    end = _LEFT_PX + len(lane.after) * _CELL_PX
    return LanePicture(
        lane=lane,
        width=end + (_POINTER_PX if lane.pointer else 8),
        height=_TOP_PX + len(rows) * _ROW_PX + 6,
        rows=rows,
        pointer=_kind(lane.pointer) if lane.pointer else "",
        pointer_x=end + 16,
        marks=tuple(_LEFT_PX + turn.position * _CELL_PX for turn in lane.damage),
        legend=tuple((letter, _kind(letter), name) for letter, name in lane.runtimes.items()),
        sentences=tuple(_sentence(lane, turn) for turn in lane.damage[:DAMAGED_TURNS_TOLD]),
        command=_command(lane, result),
    )


def _row(name: str, text: str, y: int) -> Row:
    shapes: dict[str, str] = {}
    signs, places = "", []
    position = 0
    for sign, members in groupby(text):
        length = len(list(members))
        x = _LEFT_PX + position * _CELL_PX
        position += length
        if sign not in (NOT_THERE, LEFT_OUT):
            width = length * _CELL_PX - 2
            shapes[_kind(sign)] = shapes.get(_kind(sign), "") + f"M{x + 1} {y + 2}h{width}v18h-{width}z"
        if sign.isalpha() or sign in (ANOTHER, LEFT_OUT):
            signs += "⋯" if sign == LEFT_OUT else sign
            places.append(str(x + _CELL_PX // 2))
    return Row(name, y, shapes, signs, " ".join(places))


def _kind(sign: str) -> str:
    """The style of a sign; results.json may have been edited, and then have any text here."""
    first = sign[:1]
    if not first.isalpha():
        return "unknown"
    number = ord(first) - ord("A") if first.isupper() else 26 + ord(first) - ord("a")
    return f"runtime-{number % COLOURS}"


def _sentence(lane: Lane, turn: DamagedTurn) -> str:
    """What the rows say of a damaged turn."""
    texts = {"before": lane.before, "now": lane.after}
    if lane.after[turn.position : turn.position + 1] != NOT_THERE:
        texts["by its metadata"] = lane.evidence
    said = [f"{when} {_said(lane, text[turn.position])}" for when, text in texts.items() if turn.position < len(text)]
    return f"{', '.join(said)}: {', '.join(turn.checks)}"


def _said(lane: Lane, sign: str) -> str:
    name = lane.runtimes.get(sign)
    if name is None:
        return _WORDS.get(sign, "unknown")
    return name if len(name) <= _TOLD_CHARACTERS else f"{name[:_TOLD_CHARACTERS]}…"


def _command(lane: Lane, result: AuditResult) -> str:
    """What to run to look further, '' where there is nothing to run: no file of turns, or an id that was cut."""
    turns = result.turns_path
    if not turns or len(lane.conv_id) >= NAME_CHARACTERS or not lane.conv_id.isprintable():
        return ""
    return shlex.join(["turntruth", "history", turns, f"--conversation={lane.conv_id}"])
