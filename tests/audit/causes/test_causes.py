"""Findings are traced back to what is wrong: folded where that is declared, on the same rows, and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.causes.causes import find_causes
from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.checks.check_file import parse_check
from audit.checks.runner import create_findings
from audit.results.cause import Cause, Extent
from audit.results.records import CheckResult, Status
from support.audits.report_examples import a_check

HEADER = """-- title: All is well
-- severity: {severity}
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turns
-- remedy: Mend it.
-- breaks: turns: DELETE FROM turns
-- failure: 1 row is bad | {{n}} rows are bad
-- kind: {kind}
{links}SELECT 1
"""


def check(name: str, *of: str, severity: str = "critical", kind: str = "wrong", suite: str = "backfill") -> Check:
    links = f"-- consequence_of: {', '.join(of)}\n" if of else ""
    text = HEADER.format(severity=severity, kind=kind, links=links)
    return parse_check(text, suite=suite, name=name, path=f"{suite}/{name}.sql")


FAILURE = "-- failure: 1 row is bad | {n} rows are bad\n"
Place = tuple[str, ...]
"""A check, and as many of conversation, session, turn, key, column and what was expected there as it names."""


def traced(checks: Sequence[Check], *places: Place, accepted: Sequence[Place] = ()) -> tuple[tuple[Cause, ...], Extent]:
    with closing(duckdb.connect()) as connection:
        create_findings(connection)
        by_name = {each.name: each for each in checks}
        for place, why in [*((each, "") for each in places), *((each, "known") for each in accepted)]:
            name, conv, session, turn, key, column, expected = (*place, *[""] * 6)[:7]
            connection.execute(
                'INSERT INTO findings ("check", severity, conv_id, session_id, turn_id, "table", key, "column",'
                " expected, found, accepted) VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, '', ?)",
                [name, by_name[name].severity, conv, session, turn, key, column, expected, why],
            )
        results = list(_results(checks, places, accepted))
        return find_causes(connection, results, Catalog(tuple(checks)), [each.name for each in checks])


def _results(checks: Sequence[Check], places: Sequence[Place], accepted: Sequence[Place]) -> Iterator[CheckResult]:
    for each in checks:
        count = sum(place[0] == each.name for place in (*places, *accepted))
        known = sum(place[0] == each.name for place in accepted)
        status = Status.FAILED if count else Status.PASSED
        severity = str(each.severity)
        yield a_check(each.name, suite=each.suite, severity=severity, status=status, findings=count, accepted=known)


def names(causes: Sequence[Cause]) -> list[str]:
    return [cause.check for cause in causes]


def test_nothing_found_has_no_cause() -> None:
    assert traced([check("a")]) == ((), Extent())


def test_a_finding_on_the_same_turn_is_folded_under_its_declared_cause_and_counted() -> None:
    (cause,), extent = traced([check("a"), check("b", "a")], ("a", "c", "s", "1"), ("b", "c", "s", "1"))

    assert (cause.check, cause.findings, cause.consequences, cause.following) == ("a", 1, {"b": 1}, 1)
    assert (cause.turns, cause.conversations, extent) == (1, 1, Extent(1, 1))


def test_one_on_another_turn_stands_by_itself() -> None:
    causes, extent = traced(
        [check("a"), check("b", "a")], ("a", "c", "s", "1"), ("b", "c", "s", "2"), ("b", "c", "s", "1")
    )

    assert [(cause.check, cause.findings, dict(cause.consequences)) for cause in causes] == [
        ("a", 1, {"b": 1}),
        ("b", 1, {}),
    ]
    assert extent == Extent(2, 1)


def test_without_a_declaration_nothing_is_folded() -> None:
    causes, _ = traced([check("a"), check("b")], ("a", "c", "s", "1"), ("b", "c", "s", "1"))

    assert names(causes) == ["a", "b"]


def test_nothing_is_folded_under_a_lower_severity() -> None:
    causes, _ = traced([check("a", severity="warning"), check("b", "a")], ("a", "c", "s", "1"), ("b", "c", "s", "1"))

    assert names(causes) == ["b", "a"]


def test_a_conversation_is_explained_by_its_turns_and_the_other_way_round() -> None:
    turn, conversation = ("a", "c", "s", "1"), ("b", "c")
    assert names(traced([check("a"), check("b", "a")], turn, conversation)[0]) == ["a"]
    assert names(traced([check("a", "b"), check("b")], turn, conversation)[0]) == ["b"]
    assert names(traced([check("a"), check("b", "a")], turn, ("b", "other"))[0]) == ["a", "b"]


def test_what_is_said_of_the_file_explains_what_is_declared_to_follow_from_it() -> None:
    whole, turn = ("a", "", "", "", '{"column_name":"x"}'), ("b", "c", "s", "1")
    assert names(traced([check("a"), check("b", "a")], whole, turn)[0]) == ["a"]


def test_what_is_wrong_with_one_column_from_metadata_explains_nothing_of_another_one() -> None:
    def told(*places: Place) -> list[str]:
        return sorted(names(traced([check("a"), check("b", "a")], *places)[0]))

    runtime, inference, turn = "runtime_key", "inference_id", ("c", "s", "1", "")
    assert told(("a", *turn, runtime), ("b", *turn, runtime)) == ["a"]
    assert told(("a", *turn, runtime), ("b", *turn, inference)) == ["a", "b"]
    assert told(("a", *turn, runtime), ("a", *turn, inference), ("b", *turn, inference)) == ["a"]
    assert told(("a", *turn, "turn_data_json"), ("b", *turn, inference)) == ["a"], "nobody can tell"
    whole = ("c", "", "", "")
    assert told(("a", *turn, runtime), ("b", *whole, inference)) == ["a", "b"]
    assert told(("a", *whole, runtime), ("b", *turn, inference)) == ["a", "b"]
    assert told(("a", *whole, runtime), ("b", *turn, runtime)) == ["a"]
    declared = ("a", "", "", "", '{"column_name":"x"}', runtime)
    assert told(declared, ("b", *turn, runtime)) == ["a"]
    assert told(declared, ("b", *turn, inference)) == ["a", "b"]
    assert told(("a", *turn, runtime), ("b", "", "", "", '{"rule":"x"}', inference)) == ["a", "b"]


def test_blocks_are_told_apart_by_their_keys() -> None:
    one, other = '{"block_id":"1"}', '{"block_id":"2"}'
    both = [check("a"), check("b", "a")]
    assert names(traced(both, ("a", "", "", "", one), ("b", "", "", "", one))[0]) == ["a"]
    assert names(traced(both, ("a", "", "", "", one), ("b", "", "", "", other))[0]) == ["a", "b"]
    assert names(traced(both, ("a", "", "", "", one), ("b", "c", "s", "1"))[0]) == ["b", "a"]


def test_a_place_in_a_block_list_follows_from_the_block_that_it_held() -> None:
    block, place = '{"block_id":"1","content_hash":"ab"}', ("c", "s", "1", '{"ordinal":"0"}', "content_hash")
    both = [check("a"), check("b", "a", kind="lost")]
    assert names(traced(both, ("a", "", "", "", block), ("b", *place, "'ab'"))[0]) == ["a"]
    assert names(traced(both, ("a", "", "", "", block), ("b", *place, "'cd'"))[0]) == ["b", "a"]
    assert names(traced(both, ("a", "", "", "", block), ("b", *place[:4], "ordinal", "'ab'"))[0]) == ["b", "a"]


def test_the_first_in_a_chain_is_the_cause_also_where_the_middle_says_nothing() -> None:
    chain = [check("a"), check("b", "a"), check("c", "b")]
    assert names(traced(chain, *((name, "c", "s", "1") for name in "abc"))[0]) == ["a"]
    assert names(traced(chain, *((name, "c", "s", "1") for name in "ac"))[0]) == ["a"]


def test_what_lies_under_a_check_that_follows_from_another_one_goes_with_it() -> None:
    """The check of the middle names the rows of both, and each of them only its own."""
    chain = [check("a"), check("b", "a"), check("c", "b")]
    places = [("a", "c", "s", ""), ("b", "c", "s", "1"), ("c", "c", "s", "1")]
    (cause,), _ = traced(chain, *places)
    assert (cause.check, cause.consequences) == ("a", {"b": 1, "c": 1})


def test_a_check_of_conversations_means_the_whole_one_though_it_names_a_turn() -> None:
    text = HEADER.format(severity="critical", kind="wrong", links="-- consequence_of: a\n")
    pointer = parse_check(
        text.replace("conv_id, session_id, turn_id", "conv_id"), suite="continuity", name="p", path="continuity/p.sql"
    )
    causes, _ = traced([check("a"), pointer], ("a", "c", "s", "2"), ("p", "c", "s", "1"))
    assert names(causes) == ["a"]


def test_of_two_that_can_follow_from_each_other_one_is_left() -> None:
    both = [check("a", "b", suite="ledger"), check("b", "a", suite="schema")]
    (cause,), _ = traced(both, ("a", "c", "s", "1"), ("b", "c", "s", "1"))
    assert (cause.check, cause.consequences) == ("b", {"a": 1})


def test_accepted_findings_are_no_cause_and_explain_nothing() -> None:
    both = [check("a"), check("b", "a")]
    causes, _ = traced(both, ("b", "c", "s", "1"), accepted=[("a", "c", "s", "1")])
    assert names(causes) == ["b"]


def test_the_gravest_comes_first_then_what_is_lost_then_the_farther_reaching() -> None:
    checks = [
        check("small", kind="wrong"),
        check("large", kind="wrong"),
        check("lost", kind="lost"),
        check("warned", kind="lost", severity="warning"),
    ]
    places = [("small", "c", "s", "1"), *(("large", "c", "s", str(at)) for at in range(3)), ("lost", "c", "s", "9"),
              ("warned", "c", "s", "9")]  # fmt: skip
    causes, _ = traced(checks, *places)
    assert names(causes) == ["lost", "large", "small", "warned"]
    assert [cause.sentence for cause in causes] == ["1 row is bad", "3 rows are bad", "1 row is bad", "1 row is bad"]


CHECKS = [check("a", "d"), check("b", "a"), check("c", "a", "b"), check("d", "c"), check("e", "b", severity="warning")]
PLACES = st.tuples(
    st.sampled_from([each.name for each in CHECKS]),
    st.sampled_from(["", "c1", "c2"]),
    st.sampled_from(["s"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", '{"block_id":"1"}', '{"column_name":"x"}']),
    st.sampled_from(["", "runtime_key", "inference_id"]),
)


@settings(max_examples=150, deadline=None)
@given(places=st.lists(PLACES, max_size=14))
def test_no_finding_is_lost_or_counted_twice_whatever_follows_from_what(places: list[Place]) -> None:
    causes, _ = traced(CHECKS, *places)
    counted = sum(cause.findings + cause.following for cause in causes)

    assert counted == len(places)
    for cause in causes:
        assert cause.findings > 0, "a cause is something that was found"


def test_a_check_without_a_sentence_is_told_by_its_title() -> None:
    own = parse_check(
        HEADER.format(severity="critical", kind="wrong", links="").replace(
            "-- failure: 1 row is bad | {n} rows are bad\n", ""
        ),
        suite="own",
        name="mine",
        path="own/mine.sql",
    )
    (cause,), _ = traced([own], ("mine", "c", "s", "1"), ("mine", "c", "s", "2"))
    assert cause.sentence == "Every turn whose metadata names a runtime carries it in runtime_key: not so in 2 rows"


@pytest.mark.parametrize("text", ["1 row is bad", "| {n} rows", "1 row |"])
def test_a_failure_has_two_sentences(text: str) -> None:
    from audit.errors import CheckFileError  # noqa: PLC0415  here alone

    broken = HEADER.format(severity="info", kind="form", links="").replace("1 row is bad | {n} rows are bad", text)
    with pytest.raises(CheckFileError, match="two sentences"):
        parse_check(broken, suite="own", name="mine", path="own/mine.sql")


def test_a_million_findings_need_little_memory() -> None:
    """A file that nobody has migrated is named row by row, by several checks."""
    number, checks = 250_000, [check("a"), check("b", "a"), check("c", "b"), check("d", "c")]
    with closing(duckdb.connect(config={"memory_limit": "120MB", "threads": 2})) as connection:
        create_findings(connection)
        for each in checks:
            connection.execute(
                'INSERT INTO findings ("check", severity, conv_id, session_id, turn_id, "table", key, "column",'
                " expected, found) SELECT ?, 'critical', 'c' || i // 20, 's', 'turn ' || i, 'turns', '', '', '', ''"
                " FROM range(?) t(i)",
                [each.name, number],
            )
        results = [
            a_check(each.name, suite=each.suite, status=Status.FAILED, findings=number, severity="critical")
            for each in checks
        ]
        (cause,), extent = find_causes(connection, results, Catalog(tuple(checks)), ["a"])

    assert (cause.check, cause.turns, cause.following) == ("a", number, 3 * number)
    assert extent == Extent(number, number // 20)
