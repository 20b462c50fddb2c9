"""A conversation that findings name is drawn turn by turn: before, after, evidence, pointer, and the damage."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.chronology.lanes import MOST_LANES, MOST_TURNS, draw_lanes
from audit.results.chronology import NAME_CHARACTERS, Lane
from audit.results.records import CheckResult
from support.audits.report_examples import a_check
from support.audits.staged_turns import StagedTurn, staged

HOUR_MS = 3_600_000


def conversation(name: str, runtimes: str, evidence: str = "") -> list[StagedTurn]:
    """One turn a letter, an hour apart; ``.`` is unknown, and the turn of ``-`` is not there."""
    said = evidence or runtimes
    return [
        StagedTurn(
            name,
            f"{name}-{number}",
            "" if sign == "." else f"runtime-{sign}",
            "" if said[number] in ".-" else f"runtime-{said[number]}",
            1_700_000_000_000 + number * HOUR_MS,
        )
        for number, sign in enumerate(runtimes)
        if sign != "-"
    ]


def drawn(
    turns: Iterable[StagedTurn],
    *findings: tuple[str, str, str],
    baseline: Iterable[StagedTurn] | None = None,
    pointers: Iterable[tuple[str, str]] = (),
) -> tuple[tuple[Lane, ...], int]:
    checks: list[CheckResult] = [
        a_check(name, severity="critical") for name in dict.fromkeys(check for check, _, _ in findings)
    ]
    with staged(turns, baseline or (), pointers, findings) as connection:
        lanes = draw_lanes(connection, checks, with_baseline=baseline is not None)
        left = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE starts_with(table_name, 'lane_')")
        assert left.fetchone() == (0,)
    return lanes


def test_a_sign_a_turn_in_the_order_of_the_conversation_and_a_letter_a_runtime() -> None:
    (lane,), count = drawn(conversation("c", "xx.yx", "xxyyx"), ("lost", "c", "c-2"))

    assert (lane.after, lane.evidence, lane.before) == ("AA.BA", "AABBA", "")
    assert lane.runtimes == {"A": "runtime-x", "B": "runtime-y"}
    assert (lane.turns, lane.damaged, count) == (5, 1, 1)
    assert [(turn.turn_id, turn.position, turn.checks) for turn in lane.damage] == [("c-2", 2, ("lost",))]


def test_a_turn_that_only_the_file_from_before_has_stands_where_its_time_puts_it() -> None:
    before = conversation("c", "xxxx")

    (lane,), _ = drawn(conversation("c", "xx-x"), ("turns_kept", "c", "c-2"), baseline=before)

    assert (lane.before, lane.after, lane.evidence) == ("AAAA", "AA-A", "AA-A")
    assert [turn.position for turn in lane.damage] == [2]


def test_a_turn_that_the_file_from_before_lacks_is_told_from_one_without_runtime() -> None:
    (lane,), _ = drawn(conversation("c", "xxx"), ("added", "c", "c-2"), baseline=conversation("c", "x.-"))

    assert lane.before == "A.-"


def test_a_conversation_of_which_nothing_is_left_is_drawn_from_the_file_before() -> None:
    (lane,), _ = drawn([], ("turns_kept", "c", "c-0"), baseline=conversation("c", "xx"))

    assert (lane.before, lane.after, lane.turns) == ("AA", "--", 2)


@pytest.mark.parametrize(("pointer", "sign"), [("runtime-x", "A"), ("elsewhere", "B"), ("", ".")])
def test_the_pointer_has_the_letter_of_its_runtime(pointer: str, sign: str) -> None:
    (lane,), _ = drawn(conversation("c", "xx"), ("pointer_agrees", "c", ""), pointers=[("c", pointer)])

    assert lane.pointer == sign


def test_without_a_record_of_the_conversation_there_is_no_pointer() -> None:
    (lane,), _ = drawn(conversation("c", "xx"), ("lost", "c", "c-0"), pointers=[("other", "runtime-x")])

    assert lane.pointer == ""


def test_of_a_long_conversation_the_turns_around_the_damage_are_drawn() -> None:
    (lane,), _ = drawn(conversation("c", "x" * 200), ("lost", "c", "c-100"), ("lost", "c", "c-20"))

    assert lane.turns == 200
    assert lane.after.count("A") == MOST_TURNS
    assert lane.after == " " + "A" * 21 + " " + "A" * 19 + " "
    assert all(lane.after[turn.position] == "A" for turn in lane.damage)


def test_without_a_damaged_turn_the_end_is_drawn() -> None:
    (lane,), _ = drawn(conversation("c", "x" * 50 + "y" * 10), ("pointer_agrees", "c", ""))

    assert lane.after == " " + "A" * 30 + "B" * 10
    assert (lane.damaged, lane.damage) == (0, ())


def test_the_gravest_conversations_come_first_and_the_others_are_counted() -> None:
    turns = [turn for number in range(60) for turn in conversation(f"c{number:02}", "x")]
    findings = [("lost", f"c{number:02}", f"c{number:02}-0") for number in range(5, 60)]

    lanes, count = drawn(turns, ("worst", "c59", ""), *findings)

    assert [lane.conv_id for lane in lanes[:2]] == ["c59", "c05"]
    assert (len(lanes), count) == (MOST_LANES, 55)
    assert lanes[0].checks == ("worst", "lost")


def test_what_the_team_has_accepted_draws_nothing() -> None:
    with staged(conversation("c", "x"), findings=[("lost", "c", "c-0")]) as connection:
        connection.execute("UPDATE findings SET accepted = 'known'")

        assert draw_lanes(connection, [a_check("lost")], with_baseline=False) == ((), 0)


def test_ids_of_any_length_take_little_room() -> None:
    long = "c" * 100_000
    (lane,), _ = drawn([StagedTurn(long, "t" * 100_000, "r" * 100_000)], ("lost", long, "t" * 100_000))

    assert {len(lane.conv_id), len(lane.damage[0].turn_id), len(lane.runtimes["A"])} == {NAME_CHARACTERS}


def test_more_runtimes_than_letters_are_told_as_others() -> None:
    turns = [StagedTurn("c", f"t{number:02}", f"r{number}", created_ms=number + 1) for number in range(40)]
    evidence = [StagedTurn("c", f"t{number:02}", f"q{number}", created_ms=number + 1) for number in range(40)]

    (lane,), _ = drawn(turns, ("lost", "c", "t00"), baseline=evidence)

    assert len(lane.runtimes) == 52
    assert "?" in lane.after


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["", "x", "y"]), st.none() | st.integers(-5, 5)), max_size=12
    ),
    st.lists(st.integers(0, 11), max_size=4),
)
def test_the_rows_of_a_lane_have_one_sign_a_turn_whatever_the_times(
    rows: list[tuple[str, str, int | None]], damaged: list[int]
) -> None:
    turns = [StagedTurn(conv, f"t{number}", run, created_ms=time) for number, (conv, run, time) in enumerate(rows)]
    named = [("lost", turns[number].conv_id, turns[number].turn_id) for number in set(damaged) if number < len(turns)]

    lanes, count = drawn(turns, *named, baseline=turns[::2])

    assert count == len(lanes) == len({conv for _, conv, _ in named})
    for lane in lanes:
        assert len(lane.after) == len(lane.before) == len(lane.evidence)
        assert lane.turns == sum(turn.conv_id == lane.conv_id for turn in turns)
        assert {turn.turn_id for turn in lane.damage} == {turn for _, conv, turn in named if conv == lane.conv_id}
