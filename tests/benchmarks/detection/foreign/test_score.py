"""A trial is exact only where all that had to be named is, and nothing else."""

from __future__ import annotations

from collections import Counter

from benchmarks.detection.foreign.trial import ForeignOutcome, ForeignTrial, score
from benchmarks.detection.foreign.wanted import Place, Wanted

TRIAL = ForeignTrial("django", "rows: one row is lost", "s")
KEPT = Place("new", "column", "t", "came")
LOST = Place("lost", "row", "t", "", '{"a": 1, "b": "x"}')
BASE = Counter([KEPT])


def finding(place: Place, before: str = "") -> dict[str, str]:
    key = place.key.replace('{"a": 1, "b": "x"}', '{"b":"x","a":1}')
    told = {"change": place.change, "kind": place.kind, "table": place.table, "column": place.column, "key": key}
    return {**told, "before": before, "after": ""}


def scored(wanted: Wanted, *found: dict[str, str]) -> ForeignOutcome:
    return score(TRIAL, BASE, wanted, found, 0.1)


def test_what_had_to_be_named_beside_what_was_there_is_exact() -> None:
    wanted = Wanted()
    wanted.add(LOST)
    outcome = scored(wanted, finding(LOST), finding(KEPT))
    assert outcome.is_exact
    assert (outcome.wanted, outcome.named, outcome.problems) == (1, 1, ())


def test_what_was_not_named_is_missed() -> None:
    wanted = Wanted()
    wanted.add(LOST)
    outcome = scored(wanted, finding(KEPT))
    assert outcome.is_missed
    assert not outcome.is_exact
    assert outcome.problems == (f"not named: {LOST}",)


def test_a_finding_of_the_undamaged_pair_may_not_vanish() -> None:
    outcome = scored(Wanted())
    assert (outcome.hidden, outcome.is_exact, outcome.is_missed) == (1, False, False)
    undone = Wanted()
    undone.take([KEPT])
    assert scored(undone).is_exact
    assert scored(undone, finding(KEPT)).besides == 1


def test_what_is_no_difference_may_not_be_named() -> None:
    outcome = scored(Wanted(), finding(KEPT), finding(LOST))
    assert (outcome.besides, outcome.is_exact) == (1, False)
    assert not scored(Wanted(), finding(KEPT), finding(KEPT)).is_exact


def test_another_clause_of_the_same_table_is_not_the_one_that_is_gone() -> None:
    wanted = Wanted()
    gone = Place("lost", "constraint", "t")
    wanted.add(gone)
    wanted.words[gone] = 'CHECK ("a" > 0)'
    assert scored(wanted, finding(KEPT), finding(gone, "check ( a > 0 )")).is_exact
    other = scored(wanted, finding(KEPT), finding(gone, "check ( b > 0 )"))
    assert (other.is_exact, other.named) == (False, 0)
