"""Under a contract each contradiction of a claim is named, what no contract admits too, and nothing else."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from benchmarks.detection.foreign.campaign import ForeignScale, plan
from benchmarks.detection.foreign.claims.contradictions import claim_faults
from benchmarks.detection.foreign.claims.judged import compare_under, judged_trials
from benchmarks.detection.foreign.claims.terms import REFUSED, ContractTerms, contract_of
from benchmarks.detection.foreign.fault import load_faults
from benchmarks.detection.foreign.handed_pairs import PAIRS
from benchmarks.detection.foreign.pair_data import PairData
from benchmarks.detection.foreign.trial import Judging, run_trial
from benchmarks.detection.foreign.wanted import Place, Wanted

SCALE = ForeignScale(trials=3, seed=11)
FAULTS = list(claim_faults(ContractTerms({}), Counter()))
UNDAMAGED: dict[str, dict[tuple[str, ...], int]] = {
    "django": {
        ("claim", "contradicts", "chat_message", "runtime"): 60,
        ("claim", "made up", "chat_message", "runtime"): 200,
        ("claim", "unreadable", "chat_message", "runtime"): 1,
    },
    "langgraph": {},
    "llm": {
        ("claim", "not filled", "responses", column): 408
        for column in ("resolved_model", "input_tokens", "output_tokens")
    },
    "mlflow": {},
    "openwebui": {
        ("claim", "not filled", "chat_message", "usage"): 165,
        ("claim", "contradicts", "chat_message", "created_at"): 16,
        ("claim", "made up", "chat_message", "done"): 151,
        **{
            ("lost", "column", table, "access_control"): 1
            for table in ("channel", "file", "knowledge", "model", "note", "prompt", "tool")
        },
    },
}


@pytest.mark.samples
@pytest.mark.parametrize("pair", PAIRS)
def test_of_an_undamaged_pair_its_own_findings_are_named_and_no_other(pair: str, pairs: dict[str, PairData]) -> None:
    findings = compare_under(contract_of(pair), pairs[pair].before, pairs[pair].after)
    counts = Counter((each["change"], each["kind"], each["table"], each["column"]) for each in findings)
    assert counts == UNDAMAGED[pair]


def cases() -> list[object]:
    """Every fifth fault of each pair at every run of the tests, another fifth for each."""
    return [
        pytest.param(pair, key, marks=() if (at + number) % len(PAIRS) == 0 else pytest.mark.detection)
        for number, pair in enumerate(PAIRS)
        for at, key in enumerate(FAULTS)
    ]


@pytest.mark.samples
@pytest.mark.parametrize(("pair", "key"), cases())
def test_a_contradiction_is_named_exactly(pair: str, key: str, pairs: dict[str, PairData], tmp_path: Path) -> None:
    (found,) = [each for each in judged_trials(pairs[pair], {}) if each[1].id == key]
    data, fault, judging = found
    for trial in plan(SCALE, pair, fault):
        outcome = run_trial(data, fault, trial, tmp_path, judging)
        if outcome is None:
            pytest.skip("the pair has no place for it")
        assert outcome.problems == ()
        assert outcome.is_exact


@pytest.mark.samples
def test_a_contract_hides_nothing_that_it_does_not_admit(pairs: dict[str, PairData], tmp_path: Path) -> None:
    fault = load_faults()["rows: ten rows are lost"]
    for name in ("django", "langgraph", "mlflow"):
        found = [each for each in judged_trials(pairs[name], {fault.id: fault}) if each[1] is fault]
        ((data, _, judging),) = found
        assert not {table.name for table in data.shared} & set(ContractTerms.read(contract_of(name)).claimed)
        outcome = run_trial(data, fault, plan(SCALE, name, fault)[0], tmp_path, judging)
        assert outcome is not None
        assert (outcome.wanted, outcome.named, outcome.problems) == (10, 10, ())


@pytest.mark.samples
def test_a_contradiction_that_nobody_judges_would_be_missed(pairs: dict[str, PairData], tmp_path: Path) -> None:
    """The score notices a comparison that knows the claim of no column."""
    contract = tmp_path / "blind.toml"
    text = contract_of("django").read_text(encoding="utf-8")
    contract.write_text(text.replace('runtime = "trim(meta ->> \'$.runtime\')"\ncreated = "created"', ""))
    terms = ContractTerms.read(contract_of("django"))
    blind = partial(compare_under, contract)
    base = Counter(map(Place.of, blind(pairs["django"].before, pairs["django"].after)))
    fault = claim_faults(terms, base)["claims: another value than the evidence has"]
    outcome = run_trial(
        pairs["django"], fault, plan(SCALE, "django", fault)[0], tmp_path, Judging(blind, base)
    )  # fmt: skip
    assert outcome is not None
    assert outcome.is_missed


def test_what_a_contract_admits_need_not_be_named() -> None:
    terms = ContractTerms({"changes": {
        "appended": ["log"], "redeclared": [{"name": "t.body", "reason": "longer"}],
    }})  # fmt: skip
    came, changed = Place("new", "row", "log", "", '{"id": 9}'), Place("changed", "declaration", "t", "body")
    lost = Place("lost", "row", "log", "", '{"id": 1}')
    wanted = Wanted()
    wanted.add(came, changed, lost)
    assert terms.admit(wanted, Counter()).comes == Counter([lost])


def test_a_contract_that_names_a_table_which_is_gone_has_to_be_refused() -> None:
    terms = ContractTerms({"changes": {"appended": ["log"]}})
    base = Counter([Place("claim", "missing", "t", "", '{"id": 1}')])
    wanted = Wanted()
    wanted.add(Place("lost", "object", "log", "", '{"name": "log", "type": "table"}'))
    assert terms.admit(wanted, base).of(base) == Counter([REFUSED])
