"""The lane, the marks of runtimes, and the columns of a turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.api.lane import MAX_STRIP_SEGMENTS, count_switches, keys_of, lane_turns, strip
from store.api.routes.phase_columns import MAX_BLOCKS, MAX_TEXT_CHARACTERS, phase_columns
from store.api.runtime_marks import COLOURS, RuntimeMarks
from store.memory.turns import MemoryConversationStore, MemoryTurnStore
from store.turns.records import Block, RuntimeSegment, Turn, TurnQuery, TurnSnapshot
from support.services.page_data import RUNTIMES, SWITCHING, fill

KEYS = st.text(min_size=1, max_size=12)


@pytest.fixture(scope="module")
def turns() -> MemoryTurnStore:
    store = MemoryTurnStore(empty_runtime="sentinel")
    fill(store, MemoryConversationStore())
    return store


def segments(*runs: tuple[str, int]) -> list[RuntimeSegment]:
    return [
        RuntimeSegment(key, turns, "s", f"{place}", place, "s", f"{place}", place)
        for place, (key, turns) in enumerate(runs)
    ]


@given(st.sets(KEYS, max_size=COLOURS))
def test_runtimes_of_a_page_have_colours_of_their_own(keys: set[str]) -> None:
    marks = RuntimeMarks(keys)
    assert len({marks[key].css for key in keys}) == len(keys)
    assert all(marks[key].known and marks[key].label == key for key in keys)


@given(st.sets(KEYS, min_size=COLOURS + 1, max_size=30))
def test_more_runtimes_than_colours_still_have_their_names(keys: set[str]) -> None:
    marks = RuntimeMarks(keys)
    assert {marks[key].label for key in keys} == keys


def test_an_unknown_runtime_is_told_by_word_and_letter() -> None:
    mark = RuntimeMarks([""])[""]
    assert (mark.known, mark.label, mark.letter, mark.css) == (False, "unknown", "?", "rt-unknown")


def test_a_lane_has_the_turns_in_order_and_the_switches_at_the_right_ones(turns: MemoryTurnStore) -> None:
    history = turns.runtime_history(SWITCHING)
    snapshots = turns.list(TurnQuery(conv_id=SWITCHING, limit=1_000))
    lane = lane_turns(snapshots, history, RuntimeMarks(keys_of(snapshots, history)))
    assert [turn.runtime.key for turn in lane] == list(RUNTIMES)
    points = [(turn.key.turn_id, turn.switch.is_switch) for turn in lane if turn.switch]
    assert points == [("turn-04", True), ("turn-07", False), ("turn-09", False), ("turn-11", True), ("turn-12", True)]
    assert lane[0].phases == ("pre_inference", "post_inference", "post_tools", "final")
    assert lane[0].prompt == "How many M6 bolts are left in aisle 4?"
    assert lane[0].answer.startswith("Forty.")


def test_a_page_in_the_middle_knows_its_switch_though_the_turn_before_is_elsewhere(turns: MemoryTurnStore) -> None:
    history = turns.runtime_history(SWITCHING)
    snapshots = turns.list(TurnQuery(conv_id=SWITCHING, session_id="session-1", turn_id="turn-04"))
    (turn,) = lane_turns(snapshots, history, RuntimeMarks(keys_of(snapshots, history)))
    assert turn.switch is not None
    assert (turn.switch.before.key, turn.switch.after.key) == ("inventory", "planner")


def test_a_gap_in_the_knowledge_is_no_switch() -> None:
    assert count_switches(segments(("a", 1), ("", 2), ("a", 1))) == 0
    assert count_switches(segments(("a", 1), ("", 2), ("b", 1), ("a", 1))) == 2
    assert count_switches([]) == 0


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.integers(1, 10_000)), max_size=150))
def test_the_strip_is_full_and_every_segment_can_be_seen(runs: list[tuple[str, int]]) -> None:
    made = strip(segments(*runs), RuntimeMarks(["a", "b"]))
    assert len(made) == min(len(runs), MAX_STRIP_SEGMENTS)
    if made:
        assert sum(segment.width for segment in made) == pytest.approx(100, abs=1)
        assert all(segment.width > 0.3 for segment in made)
        assert made[-1].x + made[-1].width == pytest.approx(100, abs=0.1)


def snapshot(phase: str, *blocks: Block) -> TurnSnapshot:
    return TurnSnapshot("c", "s", "t", phase, "planner", "i", 1, Turn("t", blocks, {"k": 1}))


def text_block(name: str, kind: str = "llm_text", text: str = "text") -> Block:
    return Block(name, kind, "", {"text": text})


def test_a_column_tells_what_is_new_from_what_was_there() -> None:
    earlier, prompt, answer = text_block("e"), text_block("p", "user"), text_block("a")
    first, second = phase_columns(
        [snapshot("pre_inference", earlier, prompt), snapshot("final", earlier, prompt, answer)]
    )
    assert ([b.id for b in first.earlier], [b.id for b in first.new]) == (["e"], ["p"])
    assert ([b.id for b in second.kept], [b.id for b in second.new]) == (["p"], ["a"])


def test_a_block_that_changed_under_its_id_is_new() -> None:
    columns = phase_columns([
        snapshot("pre_inference", text_block("p", "user")),
        snapshot("final", text_block("p", "user", "another")),
    ])  # fmt: skip
    assert [block.text for block in columns[1].new] == ["another"]


def test_what_is_very_large_is_cut_and_said_to_be() -> None:
    blocks = [text_block(str(number)) for number in range(MAX_BLOCKS + 5)]
    (column,) = phase_columns([snapshot("final", *blocks, text_block("p", "user", "x" * (MAX_TEXT_CHARACTERS + 7)))])
    assert column.omitted_blocks == 6
    assert (len(column.new[0].text), column.new[0].omitted) == (MAX_TEXT_CHARACTERS, 7)
