"""Which columns and JSON paths of the evidence hold what stands in columns of new rows, counted row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from audit.comparison.difference import Cell, cell_sql, make_cells
from audit.comparison.drafting.candidate import (
    Form,
    Place,
    Value,
    forms_of,
    plain_key,
    similarity,
    values_in,
    wanted_keys,
)
from audit.comparison.files.tables import Column, quote_identifier

LONGEST_VALUE = 2 * 2**20
"""Longer values are not looked into, in bytes."""

_MOST_PLACES = 2_000
_ALIKE = 0.5
"""From here on a name says that a column may be meant."""

_LEAST_AGREEING = 0.9
_LEAST_EXPLAINED = 0.5
_LEAST_EXPLAINED_BY_NAME = 0.1
_LEAST_SEEN = 0.05


_Wanted = dict[object, list[tuple[int, Form]]]
"""By what a value is looked up the columns of one row that hold it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A column whose values are to be explained; ``unknown`` are values that say nothing, besides NULL."""

    column: Column
    unknown: tuple[str | int | float, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be where a column comes from.

    ``known`` counts the rows in which it says something, ``both`` those in which the column does too, ``agreed`` those
    where they say the same. ``likeness`` is that of the names.
    """

    place: Place
    form: Form
    known: int
    both: int
    agreed: int
    likeness: float


class SourceSearch:
    """Goes through rows of evidence ``e`` and new rows ``a``, one at a time; what it keeps does not grow with them."""

    def __init__(
        self, connection: apsw.Connection, codec: str, evidence: Sequence[str], targets: Sequence[Target]
    ) -> None:
        self.connection = connection
        self.codec = codec
        self.evidence = tuple(evidence)
        self.targets = tuple(targets)
        self.rows = 0
        self.filled: Counter[int] = Counter()
        self._first: dict[int, object] = {}
        self._varied: set[int] = set()
        # By which columns were filled beside it, as bits: one number a row and place, however many columns there are.
        self._known: dict[Place, Counter[int]] = {}
        self._agreed: Counter[tuple[Place, int, Form]] = Counter()
        self._agreed_on: dict[tuple[Place, int], object] = {}
        self._agreed_on_more: set[tuple[Place, int]] = set()

    def run(self, joined: str) -> None:
        """Read the rows; ``joined`` is what stands behind FROM."""
        names = [f"e.{quote_identifier(name)}" for name in self.evidence]
        names += [f"a.{quote_identifier(each.column.name)}" for each in self.targets]
        selected = ", ".join(part for name in names for part in cell_sql(_bounded(name)))
        for values in self.connection.execute(f"SELECT {selected} FROM {joined}"):
            cells = [self._value(cell) for cell in make_cells(values)]
            self._look_at(cells[: len(self.evidence)], cells[len(self.evidence) :])

    def _value(self, cell: Cell) -> Value | None:
        if cell.storage != "text" or not isinstance(cell.value, bytes):
            return cell.value
        try:
            return cell.value.decode(self.codec)
        except UnicodeDecodeError:
            return cell.value

    def _look_at(self, evidence: Sequence[Value | None], found: Sequence[Value | None]) -> None:
        self.rows += 1
        wanted: _Wanted = {}
        known = 0
        for at, (target, value) in enumerate(zip(self.targets, found, strict=True)):
            if value is None or value in target.unknown:
                continue
            known |= 1 << at
            self.filled[at] += 1
            key = plain_key(value)
            if self._first.setdefault(at, key) != key:
                self._varied.add(at)
            for form, looked_up in wanted_keys(value):
                wanted.setdefault(looked_up, []).append((at, form))
        forms = {form for found in wanted.values() for _, form in found}
        for place, value in self._places(evidence):
            self._known.setdefault(place, Counter())[known] += 1
            self._match(place, value, wanted, forms)

    def _places(self, evidence: Sequence[Value | None]) -> Iterator[tuple[Place, Any]]:
        for column, value in zip(self.evidence, evidence, strict=True):
            if value is None:
                continue
            for place, found in values_in(column, value):
                if place in self._known or len(self._known) < _MOST_PLACES:
                    yield place, found

    def _match(self, place: Place, value: Any, wanted: _Wanted, forms: Collection[Form]) -> None:
        if not wanted:
            return
        told: set[int] = set()
        for form, key in forms_of(value, forms):
            for at, _ in wanted.get(key, ()):
                if at in told:
                    continue
                told.add(at)
                self._agreed[place, at, form] += 1
                if self._agreed_on.setdefault((place, at), key) != key:
                    self._agreed_on_more.add((place, at))

    # -- what came of it --------------------------------------------------------------------------------------------

    def is_constant(self, at: int) -> bool:
        """Whether one value alone stands in a column, wherever it says anything."""
        return self.filled[at] > 0 and at not in self._varied

    def explaining(self, at: int) -> list[Candidate]:
        """Places that hold what a column says and nothing else, those that explain most first."""
        return [each for each in self.agreeing(at) if self._is_explained(each, at)]

    def agreeing(self, at: int) -> list[Candidate]:
        """Places that hold a tenth at least of what a column says, whatever else they hold."""
        found = []
        for place in {place for place, target, _ in self._agreed if target == at}:
            candidate = self._candidate(place, at)
            # What agrees on one value alone may do so by chance, unless its name says otherwise.
            is_chance = (place, at) not in self._agreed_on_more and candidate.likeness < _ALIKE
            if not is_chance and candidate.agreed >= _LEAST_EXPLAINED_BY_NAME * self.filled[at]:
                found.append(candidate)
        return sorted(found, key=_by_agreement)

    def _is_explained(self, candidate: Candidate, at: int) -> bool:
        least = _LEAST_EXPLAINED_BY_NAME if candidate.likeness >= _ALIKE else _LEAST_EXPLAINED
        is_enough = candidate.agreed >= least * self.filled[at]
        return is_enough and candidate.agreed >= _LEAST_AGREEING * candidate.both

    def called_alike(self, at: int) -> list[Candidate]:
        """Places that a column may be meant to hold by their names, the likest first; empty ones are none."""
        column = self.targets[at].column
        name, is_json = column.name, "json" in column.declared_type.lower()
        found = []
        for place in self._known:
            known, both = self._counts(place, at)
            likeness = similarity(name, place)
            if likeness >= _ALIKE and known >= max(1, _LEAST_SEEN * self.rows):
                form = Form.JSON if place.path and is_json else Form.PLAIN
                found.append(Candidate(place, form, known, both, 0, likeness))
        return sorted(found, key=_by_name)

    def _candidate(self, place: Place, at: int) -> Candidate:
        """With the simplest form that explains as much as any; one that changes more explains what simpler ones do."""
        by_form = {form: self._agreed[place, at, form] for form in Form if (place, at, form) in self._agreed}
        simplest = by_form.get(Form.PLAIN, 0)
        best, gained = Form.PLAIN, 0
        for form, number in by_form.items():
            # A handful of rows, against many, is what somebody did otherwise and no rule.
            if form is not Form.PLAIN and number > gained and number * 10 > simplest:
                best, gained = form, number
        likeness = similarity(self.targets[at].column.name, place)
        return Candidate(place, best, *self._counts(place, at), simplest + gained, likeness)

    def _counts(self, place: Place, at: int) -> tuple[int, int]:
        """In how many rows a place says something, and in how many of them the column does too."""
        numbers = self._known[place]
        return numbers.total(), sum(number for filled, number in numbers.items() if filled >> at & 1)


def _by_agreement(found: Candidate) -> tuple[int, int, Form, float, int, str]:
    """What explains most first; of those that explain as much, what was taken over in the simplest way."""
    return -found.agreed, found.both, found.form, -found.likeness, len(found.place.path), found.place.told


def _by_name(found: Candidate) -> tuple[float, bool, int, int, str]:
    """The likest first; of those that are as like, what had no column of its own, then what is known most often."""
    return -found.likeness, not found.place.path, -found.known, len(found.place.path), found.place.told


def _bounded(name: str) -> str:
    return f"CASE WHEN octet_length({name}) > {LONGEST_VALUE} THEN NULL ELSE {name} END"
