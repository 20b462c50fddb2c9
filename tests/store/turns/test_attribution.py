"""Write once: a property over any order of saves, and the cases in which values are kept, replaced or dropped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import EmptyRuntimeError, InferenceConflictError, RuntimeConflictError
from store.turns.attribution import attribute, disagreements
from store.turns.metadata import inference_evidence, runtime_evidence
from store.turns.records import TurnKey, TurnSaveOptions

TURN = TurnKey("c", "s", "t")
NAMES = st.sampled_from(["", " ", "a", "b"])
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "geppetto.runtime@v1": NAMES | st.fixed_dictionaries({"runtime_key": NAMES}) | st.integers(),
        "runtime": NAMES,
        "geppetto.inference_id@v1": NAMES | st.integers(),
        "inference_id": NAMES,
        "other": st.integers(),
    },
)
OPTIONS = st.builds(TurnSaveOptions, NAMES, NAMES, st.just("keep"), st.booleans())


@given(st.lists(st.tuples(METADATA, OPTIONS, st.booleans())))
def test_the_first_runtime_stays_and_columns_and_metadata_always_agree(
    saves: list[tuple[dict[str, Any], TurnSaveOptions, bool]],
) -> None:
    stored = ("", "")
    for metadata, options, is_older in saves:
        before = dict(metadata)
        made = attribute(TURN, metadata, options, stored, empty_runtime="sentinel", is_older=is_older)
        assert stored[0] in {"", made.runtime_key}
        assert made.inference_id == stored[1] or not stored[1] or (options.rerun and not is_older)
        assert disagreements(TURN, (made.runtime_key, made.inference_id), made.metadata) == []
        assert metadata == before
        assert made.metadata.get("other") == metadata.get("other")
        stored = (made.runtime_key, made.inference_id)


@given(METADATA)
def test_metadata_that_agrees_is_left_as_it_is(metadata: dict[str, Any]) -> None:
    made = attribute(TURN, metadata, TurnSaveOptions(), ("", ""), empty_runtime="sentinel")
    assert made.metadata is metadata
    assert (made.runtime_key, made.inference_id) == (
        runtime_evidence(metadata).value,
        inference_evidence(metadata).value,
    )


def test_a_conflict_names_both_values() -> None:
    with pytest.raises(RuntimeConflictError, match=r"'inventory'.*'planner'"):
        attribute(TURN, {}, TurnSaveOptions("planner"), ("inventory", ""), empty_runtime="reject")
    with pytest.raises(InferenceConflictError, match=r"'i1'.*'i2'"):
        attribute(TURN, {}, TurnSaveOptions("", "i2"), ("inventory", "i1"), empty_runtime="reject")


def test_a_rerun_older_than_what_is_stored_stays_behind_it() -> None:
    options = TurnSaveOptions("r", "i0", rerun=True)
    made = attribute(TURN, {}, options, ("r", "i1"), empty_runtime="reject", is_older=True)
    assert (made.inference_id, made.kept) == ("i1", ("inference_id",))


def test_a_pair_that_belongs_to_another_turn_is_no_evidence() -> None:
    metadata = {"geppetto.runtime@v1": "r", "geppetto.inference_id@v1": "i", "model": "m"}
    made = attribute(
        TURN, metadata, TurnSaveOptions(), ("", ""), empty_runtime="sentinel", is_taken=lambda *pair: pair == ("r", "i")
    )
    assert (made.runtime_key, made.inference_id, made.metadata) == ("", "", {"model": "m"})
    with pytest.raises(EmptyRuntimeError):
        attribute(TURN, metadata, TurnSaveOptions(), ("", ""), empty_runtime="reject", is_taken=lambda *_: True)


def test_an_alias_that_yields_to_another_inference_leaves_metadata_that_says_it() -> None:
    metadata = {"geppetto.inference_id@v1": {"not": "a text"}, "inference_id": "i2"}

    made = attribute(TURN, metadata, TurnSaveOptions(on_conflict="keep"), ("r", "i1"), empty_runtime="reject")

    assert made.values == ("r", "i1")
    assert inference_evidence(made.metadata).value == "i1"
