"""The conversations that findings name, turn by turn: runtimes before and after, evidence, pointer, and the damage."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from audit.results.chronology import ANOTHER, LEFT_OUT, NAME_CHARACTERS, NOT_THERE, UNKNOWN, DamagedTurn, Lane
from audit.results.records import CheckResult

if TYPE_CHECKING:
    import duckdb

MOST_LANES = 50
MOST_TURNS = 40
"""Turns of a conversation that its lane shows."""


_CHECKS_NAMED = 6
_LETTERS = string.ascii_uppercase + string.ascii_lowercase
_TABLES = ("lane_conversations", "lane_damage")


def draw_lanes(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[CheckResult], *, with_baseline: bool
) -> tuple[tuple[Lane, ...], int]:
    """The lanes, the gravest first, and how many conversations have findings that nobody has accepted.

    Reads the table ``findings`` and leaves nothing behind.

    Parameters
    ----------
    checks
        Those that failed, the gravest first.
    with_baseline
        There is a file from before to compare with.
    """
    names = [each.check for each in checks]
    try:
        connection.execute(_sql("conversations"), {"checks": names, "most": MOST_LANES})
        connection.execute(_sql("damage"), {"checks": names})
        heads = connection.execute(_sql("heads")).fetchall()
        turns = connection.execute(_sql("turns"), {"most": MOST_TURNS, "long": NAME_CHARACTERS}).fetchall()
    finally:
        for table in _TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
    by_conversation = {conv: [_Turn(*row) for _, *row in rows] for conv, rows in groupby(turns, key=lambda row: row[0])}
    lanes = tuple(_lane(head, by_conversation.get(head[0], []), checks, with_baseline=with_baseline) for head in heads)
    return lanes, heads[0][1] if heads else 0


@dataclass(frozen=True, slots=True)
class _Turn:
    number: int
    turns: int
    damaged: int
    session_id: str
    turn_id: str
    ranks: list[int] | None
    before: str | None
    after: str | None
    evidence: str | None


@dataclass(slots=True)
class _Signs:
    """One letter a runtime, in the order in which they come."""

    letters: dict[str, str] = field(default_factory=dict)

    def of(self, runtime: str | None) -> str:
        if not runtime:
            return NOT_THERE if runtime is None else UNKNOWN
        if runtime not in self.letters and len(self.letters) < len(_LETTERS):
            self.letters[runtime] = _LETTERS[len(self.letters)]
        return self.letters.get(runtime, ANOTHER)


def _lane(head: tuple[Any, ...], turns: list[_Turn], checks: Sequence[CheckResult], *, with_baseline: bool) -> Lane:
    conv_id, _, ranks, recorded, pointer = head
    signs = _Signs()
    rows = {"after": "", "before": "", "evidence": ""}
    damage = []
    last = 0
    for turn in turns:
        gap = LEFT_OUT if turn.number > last + 1 else ""
        last = turn.number
        for name in rows:
            value = getattr(turn, name)
            # A turn that the file lacks has no metadata there either.
            rows[name] += gap + signs.of(value)
        if turn.ranks is not None:
            named = _named(turn.ranks, checks)
            damage.append(DamagedTurn(turn.session_id, turn.turn_id, len(rows["after"]) - 1, named))
    total = turns[0].turns if turns else 0
    if turns and last < total:
        rows = {name: row + LEFT_OUT for name, row in rows.items()}
    return Lane(
        conv_id=conv_id[:NAME_CHARACTERS],
        severity=str(checks[ranks[0] - 1].severity),
        checks=_named(ranks, checks),
        turns=total,
        damaged=turns[0].damaged if turns else 0,
        pointer=signs.of(pointer[:NAME_CHARACTERS]) if recorded else "",
        runtimes={letter: runtime for runtime, letter in signs.letters.items()},
        before=rows["before"] if with_baseline else "",
        after=rows["after"],
        evidence=rows["evidence"],
        damage=tuple(damage),
    )


def _named(ranks: Iterable[int], checks: Sequence[CheckResult]) -> tuple[str, ...]:
    return tuple(checks[rank - 1].check for rank in list(ranks)[:_CHECKS_NAMED])


def _sql(name: str) -> str:
    return files("audit.chronology").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
