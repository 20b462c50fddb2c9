"""What happened when, without names: conversations, turns and what is no known runtime are replaced."""

from __future__ import annotations

from dataclasses import replace

from audit.redaction.pseudonyms import CONVERSATION, SESSION, TURN, Pseudonyms
from audit.results.chronology import Chronology, DamagedTurn, Lane, Period


def redacted_chronology(chronology: Chronology, pseudonyms: Pseudonyms) -> Chronology:
    """The same lanes and periods; signs, numbers and labels of time stay."""
    return replace(
        chronology,
        lanes=tuple(_lane(each, pseudonyms) for each in chronology.lanes),
        periods=tuple(_period(each, pseudonyms) for each in chronology.periods),
    )


def _lane(lane: Lane, pseudonyms: Pseudonyms) -> Lane:
    return replace(
        lane,
        conv_id=pseudonyms.of(CONVERSATION, lane.conv_id),
        runtimes={letter: pseudonyms.runtime(text) for letter, text in lane.runtimes.items()},
        damage=tuple(_turn(each, pseudonyms) for each in lane.damage),
    )


def _turn(turn: DamagedTurn, pseudonyms: Pseudonyms) -> DamagedTurn:
    return replace(turn, session_id=pseudonyms.of(SESSION, turn.session_id), turn_id=pseudonyms.of(TURN, turn.turn_id))


def _period(period: Period, pseudonyms: Pseudonyms) -> Period:
    shown: dict[str, int] = {}
    for text, turns in period.runtimes.items():
        name = pseudonyms.runtime(text)
        shown[name] = shown.get(name, 0) + turns
    return replace(period, runtimes=shown)
