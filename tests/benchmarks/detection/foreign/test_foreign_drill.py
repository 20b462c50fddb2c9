"""Faults in pairs that other people's programs wrote are named exactly; the pairs stay as they were handed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.detection.foreign.campaign import ForeignScale, plan
from benchmarks.detection.foreign.command import build_app
from benchmarks.detection.foreign.fault import load_faults
from benchmarks.detection.foreign.handed_pairs import PAIRS, PairsMissingError, find_pairs
from benchmarks.detection.foreign.pair_data import PairData
from benchmarks.detection.foreign.trial import Judging, compare, compare_by_command, run_trial

FAULTS = load_faults()
FAMILIES = list(dict.fromkeys(fault.family for fault in FAULTS.values()))
SCALE = ForeignScale(trials=5, seed=11)


@cache
def one_of(family: str, at: int) -> str:
    """Another fault of the family for each pair, so that five pairs try five of them."""
    members = [key for key, fault in FAULTS.items() if fault.family == family]
    return members[at * len(members) // len(PAIRS)]


def cases() -> list[object]:
    short = {(pair, one_of(family, at)) for at, pair in enumerate(PAIRS) for family in FAMILIES}
    return [
        pytest.param(pair, key, marks=() if (pair, key) in short else pytest.mark.detection)
        for pair in PAIRS
        for key in FAULTS
    ]


@pytest.mark.samples
@pytest.mark.parametrize(("pair", "key"), cases())
def test_a_fault_is_named_exactly(pair: str, key: str, pairs: dict[str, PairData], tmp_path: Path) -> None:
    trial = plan(SCALE, pair, FAULTS[key])[0]
    outcome = run_trial(pairs[pair], FAULTS[key], trial, tmp_path, Judging(compare, pairs[pair].base))
    if outcome is None:
        pytest.skip("the pair has no place for it")
    assert outcome.problems == ()
    assert outcome.is_exact


@pytest.mark.samples
def test_the_command_says_the_same_as_the_comparison(pairs: dict[str, PairData], tmp_path: Path) -> None:
    fault = FAULTS["half migrated: half of a table's rows are lost"]
    judging = Judging(compare_by_command, pairs["llm"].base)
    outcome = run_trial(pairs["llm"], fault, plan(SCALE, "llm", fault)[0], tmp_path, judging)
    assert outcome is not None
    assert outcome.is_exact
    assert outcome.wanted > 5


@pytest.mark.samples
def test_each_trial_begins_with_the_pair_as_it_was_handed(pairs: dict[str, PairData], tmp_path: Path) -> None:
    def hashes(*paths: Path) -> list[str]:
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]

    data = pairs["langgraph"]
    handed = hashes(*PAIRS["langgraph"].paths(find_pairs()))
    fault = FAULTS["rows: all rows of a table are lost"]
    for trial in plan(SCALE, "langgraph", fault)[:2]:
        run_trial(data, fault, trial, tmp_path, Judging(compare, data.base))
    assert hashes(data.before, data.after) == handed
    assert hashes(*PAIRS["langgraph"].paths(find_pairs())) == handed


def test_the_same_seed_makes_the_same_trials() -> None:
    fault = FAULTS["rows: one row is lost"]
    assert plan(SCALE, "llm", fault) == plan(SCALE, "llm", fault)
    assert len({trial.seed for trial in plan(SCALE, "llm", fault)}) == SCALE.trials


def test_without_the_pairs_the_drill_says_what_it_wants(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TURNTRUTH_SAMPLES", raising=False)
    with pytest.raises(PairsMissingError, match="wanted TURNTRUTH_SAMPLES to name a folder that holds a folder pairs"):
        find_pairs()
    monkeypatch.setenv("TURNTRUTH_SAMPLES", str(tmp_path))
    with pytest.raises(PairsMissingError, match="is no such folder"):
        find_pairs()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "rowz"], "no fault or family is called rowz. Families are rows, "),
        (["--pair", "rails"], "no pair is called rails. Pairs are django, "),
        (["--write", "nowhere.md"], "there is none. Write it by make drill first"),
    ],
)
def test_what_is_not_there_is_refused_before_any_work(arguments: list[str], said: str) -> None:
    outcome = CliRunner().invoke(build_app(), arguments)
    assert said in str(outcome.exception)
