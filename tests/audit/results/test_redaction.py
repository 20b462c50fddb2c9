from __future__ import annotations

import pytest

from audit.results.redaction import Redaction, RedactionMethod, why_not_comparable

PLAIN = Redaction()
NUMBERS = Redaction(RedactionMethod.NUMBERS)
ONE, OTHER = (Redaction(RedactionMethod.KEYED, key_id) for key_id in ("aaaa", "bbbb"))


@pytest.mark.parametrize(("one", "other"), [(PLAIN, PLAIN), (ONE, ONE)])
def test_runs_of_the_same_ids_can_be_compared(one: Redaction, other: Redaction) -> None:
    assert why_not_comparable(one, other) == ""


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (PLAIN, NUMBERS, "one of the runs is redacted and the other is not"),
        (ONE, PLAIN, "one of the runs is redacted and the other is not"),
        (NUMBERS, NUMBERS, "both runs are redacted by numbers"),
        (NUMBERS, ONE, "one of the runs is redacted by numbers, the other with a key"),
        (ONE, OTHER, "different keys, aaaa and bbbb"),
    ],
)
def test_all_others_cannot(one: Redaction, other: Redaction, reason: str) -> None:
    assert reason in why_not_comparable(one, other)
    assert reason in why_not_comparable(other, one) or "bbbb and aaaa" in why_not_comparable(other, one)


def test_only_a_redacted_run_has_something_to_say() -> None:
    assert PLAIN.sentence == ""
    assert "numbers in the order" in NUMBERS.sentence
    assert "the key aaaa" in ONE.sentence
