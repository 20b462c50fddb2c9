from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.results.shortened import (
    SAMPLE_CHARACTERS,
    length_of_sample,
    shortened,
    shortened_by_version_0_1,
    shortened_sample,
)

LONG = "x" * 200_000
LIMITS = st.integers(min_value=0, max_value=30)


@given(st.text(max_size=30), LIMITS)
def test_a_text_up_to_the_limit_is_whole_and_a_longer_one_says_how_long_it_is(text: str, limit: int) -> None:
    shown = shortened(text, limit)

    assert (shown == text) == (len(text) <= limit)
    assert shown.startswith(text[:limit])
    if len(text) > limit:
        assert f"… ({len(text):,} characters in all, " in shown


@given(st.text(max_size=12), st.text(max_size=12), LIMITS)
def test_two_texts_that_differ_are_never_shown_as_the_same(one: str, other: str, limit: int) -> None:
    ends = [shortened("same beginning " + text, limit) for text in (one, other)]

    assert (ends[0] == ends[1]) == (one == other)


@given(st.integers(min_value=1_990, max_value=2_100), st.text(max_size=3), st.integers(min_value=0, max_value=2_000))
def test_a_sample_is_cut_again_as_the_whole_would_be(length: int, end: str, limit: int) -> None:
    whole = "x" * length + end

    assert shortened_sample(shortened(whole), limit) == shortened(whole, limit)
    assert length_of_sample(shortened(whole)) == len(whole)


def test_a_sample_of_a_run_of_version_0_1_knows_the_length_too() -> None:
    assert length_of_sample(shortened_by_version_0_1(LONG)) == 200_000
    assert "… (200,000 characters in all, " in shortened_sample(shortened_by_version_0_1(LONG), 10)


@pytest.mark.parametrize("pretended", ["short… (9,999 characters)", "x" * SAMPLE_CHARACTERS + "… (9,999 characters)"])
def test_a_value_that_looks_cut_is_counted_as_what_it_is(pretended: str) -> None:
    assert f"({len(pretended)} " in shortened(pretended, 3).replace(",", "")
    assert length_of_sample(shortened(pretended)) == len(pretended)


def test_a_lone_surrogate_has_a_hash_too() -> None:
    assert shortened("\udcff" * 9, 1) != shortened("\udcfe" + "\udcff" * 8, 1)
