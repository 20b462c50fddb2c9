"""Pairs judged by their contracts: the comparison that does so, and which trials are made of it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import orjson

from audit.comparison.claims.contract_judge import by_contract
from audit.comparison.pair.pair_comparison import compare_pair
from audit.contract.errors import ContractError
from benchmarks.detection.foreign.claims.contradictions import claim_faults
from benchmarks.detection.foreign.claims.terms import REFUSED, ContractTerms, contract_of
from benchmarks.detection.foreign.fault import ForeignFault
from benchmarks.detection.foreign.pair_data import PairData
from benchmarks.detection.foreign.trial import Finding, Judging, NotComparedError
from benchmarks.detection.foreign.wanted import Place

_LEFT_OUT = {"half migrated"}
"""Families that take away what a contract names: it would be refused, and nothing be compared."""


def compare_under(contract: Path, before: Path, after: Path) -> list[Finding]:
    """All findings under a contract; that it cannot be used for these files is told as one.

    Raises
    ------
    NotComparedError
        A table or a claim could not be judged to its end.
    """
    output = io.BytesIO()
    try:
        summary = compare_pair(before, after, output, judged_by=by_contract(contract))
    except ContractError as error:
        return [{"change": REFUSED.change, "kind": REFUSED.kind, "table": "", "column": "", "key": "",
                 "before": "", "after": str(error)}]  # fmt: skip
    if summary.errors:
        raise NotComparedError(str(summary.errors))
    return [orjson.loads(line) for line in output.getvalue().splitlines()]


Judged = tuple[PairData, ForeignFault, Judging]


def judged_trials(data: PairData, faults: dict[str, ForeignFault]) -> Iterator[Judged]:
    """What to try under the contract of a pair: contradictions of its claims, then all other faults beside them."""
    path = contract_of(data.name)
    terms = ContractTerms.read(path)
    comparison = partial(compare_under, path)
    base = Counter(map(Place.of, comparison(data.before, data.after)))
    judging = Judging(comparison, base, partial(terms.admit, base=base))
    for fault in claim_faults(terms, base).values():
        yield data, fault, replace(judging, admit=Judging(comparison, base).admit)
    beside = terms.unclaimed(data)
    for fault in faults.values():
        if fault.family not in _LEFT_OUT:
            yield beside, fault, judging
