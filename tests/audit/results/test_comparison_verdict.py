"""The verdict of a comparison follows from its counts, its contract and what could not be compared: not from words."""

from __future__ import annotations

from typing import Any

import pytest

from audit.results.comparison_verdict import ComparisonVerdict, conclude, concluded, contradiction

JUDGED = {"is_built_in": False, "claims": [], "admitted": []}
BUILT_IN = JUDGED | {"is_built_in": True}


@pytest.mark.parametrize(
    ("findings", "contract", "complete", "headline", "exit_code"),
    [
        ({}, None, True, "SAME", 0),
        ({"new": 1}, None, True, "ONLY NEW", 0),
        ({"lost": 1, "new": 1}, None, True, "LOST OR CHANGED", 1),
        ({"changed": 1}, None, False, "LOST OR CHANGED (and not all could be compared)", 3),
        ({}, None, False, "CANNOT TELL", 3),
        ({"new": 1}, None, False, "CANNOT TELL", 3),
        ({}, JUDGED, True, "GO", 0),
        ({"new": 1}, JUDGED, True, "NO-GO", 1),
        ({"claim": 1}, JUDGED, False, "NO-GO (and not all could be compared)", 3),
        ({}, JUDGED, False, "CANNOT TELL", 3),
        ({}, BUILT_IN, True, "SAME", 0),
        ({}, BUILT_IN | {"admitted": [{"count": 2}]}, True, "ONLY NEW", 0),
        ({"claim": 1}, BUILT_IN, True, "LOST OR CHANGED", 1),
    ],
)
def test_every_verdict_and_its_exit_code(
    findings: dict[str, int], contract: dict[str, Any] | None, complete: bool, headline: str, exit_code: int
) -> None:
    assert conclude(findings, contract, is_complete=complete) == ComparisonVerdict(headline, exit_code)


def _record(**changes: Any) -> dict[str, Any]:
    record = {
        "headline": "NO-GO",
        "exit_code": 1,
        "counts": {"claim": {}, "lost": {"row": 1}, "changed": {}, "new": {}},
        "contract": JUDGED,
        "notes": [],
    }
    return record | changes


def test_a_record_that_says_what_follows_contradicts_nothing() -> None:
    assert contradiction(_record()) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"headline": "GO"},
        {"exit_code": 0},
        {"headline": "GO", "exit_code": 0},
        {"headline": "LOST OR CHANGED"},
        {"headline": "NO-GO at first, then GO"},
        {"notes": ["not compared: t: damaged"]},
        {"contract": JUDGED | {"claims": [{"problem": "it takes too long"}]}},
        {"contract": None},
    ],
)
def test_a_verdict_that_does_not_follow_is_told_with_the_one_that_does(changes: dict[str, Any]) -> None:
    record = _record(**changes)
    follows = concluded(record)

    assert contradiction(record) == (
        f"it contradicts itself: its headline is {record['headline']} with exit code {record['exit_code']},"
        f" and what it counts says {follows.headline} with exit code {follows.exit_code}"
    )


@pytest.mark.parametrize("name", ["headline", "exit_code", "counts", "contract", "notes"])
def test_without_a_part_nothing_follows(name: str) -> None:
    record = _record()
    del record[name]

    with pytest.raises(KeyError, match=name):
        contradiction(record)
