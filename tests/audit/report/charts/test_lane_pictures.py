"""A lane as a picture and in words: few elements, one letter a run, and a command to look further."""

from __future__ import annotations

import shlex
from dataclasses import replace
from itertools import pairwise

import pytest

from audit.report.charts.lane_pictures import COLOURS, draw
from audit.results.chronology import NAME_CHARACTERS, DamagedTurn, Lane
from audit.results.records import InputFile
from support.audits.report_examples import a_chronology, a_result


def a_lane(**changes: object) -> Lane:
    return replace(a_chronology().lanes[0], **changes)  # type: ignore[arg-type]  # the names are fields


def test_turns_side_by_side_that_say_the_same_are_one_shape_and_one_letter() -> None:
    picture = draw(a_lane(after="AAAB.A", before="", evidence=""), a_result())

    (row,) = picture.rows
    assert row.signs == "ABA"
    assert {kind: path.count("M") for kind, path in row.shapes.items()} == {
        "runtime-0": 2,
        "runtime-1": 1,
        "unknown": 1,
    }


def test_a_turn_that_is_not_there_has_no_shape_and_what_is_left_out_a_sign() -> None:
    (row,) = draw(a_lane(after="A- B", before="", evidence=""), a_result()).rows

    assert row.signs == "A⋯B"
    assert sum(path.count("M") for path in row.shapes.values()) == 2


def test_the_words_of_a_damaged_turn_are_what_its_column_shows() -> None:
    (sentence,) = draw(a_lane(), a_result()).sentences

    assert sentence == "before planner, now unknown, by its metadata planner: rows_named, blanks"


def test_of_a_turn_that_is_gone_there_is_no_metadata() -> None:
    lane = a_lane(after="A-", evidence="A-", before="AA", damage=(DamagedTurn("s", "t", 1, ("turns_kept",)),))

    assert draw(lane, a_result()).sentences == ("before planner, now no such turn: turns_kept",)


def test_every_letter_has_a_colour_and_neighbours_of_the_alphabet_have_different_ones() -> None:
    kinds = [kind for _, kind, _ in draw(a_lane(runtimes=dict.fromkeys("ABCDEFGHabc", "")), a_result()).legend]

    assert len(set(kinds)) == COLOURS
    assert all(one != other for one, other in pairwise(kinds))


@pytest.mark.parametrize("conversation", ["conv 1", "it's", "-x", "$(reboot)", "a;b"])
def test_the_command_asks_for_this_conversation_whatever_it_is_called(conversation: str) -> None:
    result = replace(a_result(), inputs=(InputFile("turns", "my data/turns.db", 1, "", {}),))

    command = draw(a_lane(conv_id=conversation), result).command

    assert shlex.split(command) == ["turntruth", "history", "my data/turns.db", f"--conversation={conversation}"]


@pytest.mark.parametrize("conversation", ["c" * NAME_CHARACTERS, "a\nb", "\u202egnp"])
def test_what_nobody_can_type_has_no_command(conversation: str) -> None:
    assert draw(a_lane(conv_id=conversation), a_result()).command == ""
