from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FileShapeError, MemoryLimitError, MissingFileError, NotADatabaseError
from audit.history.runtime_history import (
    RuntimeHistory,
    RuntimeSegment,
    UnknownConversationError,
    moment_of,
    switches_between,
)
from audit.staging.warehouse import Warehouse
from support.files.runtime_files import DAY_MS, FIRST_MS, make_history
from support.files.sqlite_files import TURNS_DDL, run_sql

SWITCHING = ["planner", "planner", "coder", "", "", "planner", ""]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeHistory]:
    conversations = {"switching": SWITCHING, "steady": ["planner"] * 3, "unknown": ["", ""]}
    with RuntimeHistory(make_history(tmp_path_factory.mktemp("history") / "turns.db", conversations)) as opened:
        yield opened


def segments_of(runtimes: list[str]) -> list[RuntimeSegment]:
    """The segments of turns called t1, t2, …, worked out apart from the views."""
    segments: list[RuntimeSegment] = []
    place = 1
    for runtime, members in groupby(runtimes):
        turns = len(list(members))
        last = place + turns - 1
        segments.append(
            RuntimeSegment("c", len(segments) + 1, runtime, turns, place, last, f"t{place}", f"t{last}", place, last)
        )
        place = last + 1
    return segments


class TestOneTurn:
    def test_says_which_runtime_produced_it_and_how_that_is_known(self, history: RuntimeHistory) -> None:
        (turn,) = history.find_turn("switching-3")

        assert (turn.conv_id, turn.place, turn.runtime_key, turn.inference_id) == ("switching", 3, "coder", "inf-3")
        assert (turn.evidence, turn.evidence_kind) == ("", "")
        assert turn.created_at == datetime(2026, 1, 4, tzinfo=UTC)

    def test_an_unknown_one_stays_unknown(self, history: RuntimeHistory) -> None:
        (turn,) = history.find_turn("switching-4")

        assert turn.runtime_key == ""

    def test_an_id_that_nobody_has_gives_nothing(self, history: RuntimeHistory) -> None:
        assert history.find_turn("no-such-turn") == ()
        assert history.find_turn("switching-3", "steady") == ()

    def test_an_id_that_two_conversations_share_gives_both(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"a": ["planner"], "b": ["coder"]})
        run_sql(path, "UPDATE turns SET turn_id = 'same'")

        with RuntimeHistory(path) as history:
            assert [turn.runtime_key for turn in history.find_turn("same")] == ["planner", "coder"]
            assert [turn.runtime_key for turn in history.find_turn("same", "b")] == ["coder"]


class TestOneConversation:
    def test_its_turns_come_in_the_order_of_their_creation(self, history: RuntimeHistory) -> None:
        turns = history.turns("switching")

        assert [turn.runtime_key for turn in turns] == SWITCHING
        assert [turn.place for turn in turns] == [1, 2, 3, 4, 5, 6, 7]

    def test_its_segments_say_from_when_to_when_it_ran_on_what(self, history: RuntimeHistory) -> None:
        segments = history.segments("switching")

        assert [(each.runtime_key, each.turns) for each in segments] == [
            ("planner", 2),
            ("coder", 1),
            ("", 2),
            ("planner", 1),
            ("", 1),
        ]
        assert (segments[2].first_turn_id, segments[2].last_turn_id) == ("switching-4", "switching-5")
        assert segments[2].first_created_ms == FIRST_MS + 4 * DAY_MS
        assert segments[2].last_created_ms == FIRST_MS + 5 * DAY_MS

    def test_a_switch_names_both_runtimes_and_what_lies_between(self, history: RuntimeHistory) -> None:
        first, second = history.switches("switching")

        assert (first.from_runtime, first.to_runtime, first.turn_id, first.unknown_turns) == (
            "planner",
            "coder",
            "switching-3",
            0,
        )
        assert (second.from_runtime, second.to_runtime, second.turn_id, second.unknown_turns) == (
            "coder",
            "planner",
            "switching-6",
            2,
        )

    @pytest.mark.parametrize("conv_id", ["steady", "unknown"])
    def test_without_two_known_runtimes_there_is_no_switch(self, conv_id: str, history: RuntimeHistory) -> None:
        assert history.switches(conv_id) == ()

    @pytest.mark.parametrize("question", ["turns", "segments", "switches"])
    def test_one_that_is_not_there_is_an_error_that_says_how_many_are(
        self, question: str, history: RuntimeHistory
    ) -> None:
        with pytest.raises(UnknownConversationError, match=r"no conversation 'nobody' among the 3 that") as caught:
            getattr(history, question)("nobody")

        assert caught.value.exit_code == 2


class TestOtherFiles:
    def test_a_table_without_rowids_answers_like_any_other(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"a": ["planner", "", "coder"], "b": ["coder"]})
        with RuntimeHistory(path) as history:
            expected = (history.turns("a"), history.segments(), history.switches("a"), history.runtimes())
        run_sql(
            path,
            "ALTER TABLE turns RENAME TO rows",
            f"{TURNS_DDL} WITHOUT ROWID",
            "INSERT INTO turns SELECT * FROM rows",
            "DROP TABLE rows",
        )

        with RuntimeHistory(path) as history:
            assert (history.turns("a"), history.segments(), history.switches("a"), history.runtimes()) == expected
            assert [turn.place for turn in history.find_turn("a-3")] == [3]

    def test_a_turn_whose_creation_time_is_damaged_is_still_a_turn(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"a": ["planner", "coder"]})
        run_sql(path, "UPDATE turns SET turn_created_at_ms = 'soon' WHERE turn_id = 'a-2'")

        with RuntimeHistory(path) as history:
            (turn,) = history.find_turn("a-2")
            assert (turn.runtime_key, turn.created_ms, turn.created_at) == ("coder", None, None)
            assert {turn.turn_id for turn in history.turns("a")} == {"a-1", "a-2"}


class TestSwitches:
    @given(st.lists(st.sampled_from(["", "a", "b"]), max_size=12))
    def test_are_the_changes_between_neighbours_once_unknown_turns_are_left_out(self, runtimes: list[str]) -> None:
        known = [(place, runtime) for place, runtime in enumerate(runtimes, start=1) if runtime]
        expected = [
            (before, after, place, place - last - 1)
            for (last, before), (place, after) in pairwise(known)
            if before != after
        ]

        found = [
            (each.from_runtime, each.to_runtime, each.place, each.unknown_turns)
            for each in switches_between(segments_of(runtimes))
        ]

        assert found == expected


class TestTheWholeFile:
    def test_every_runtime_is_listed_with_its_use(self, history: RuntimeHistory) -> None:
        assert [(each.runtime_key, each.turns, each.conversations) for each in history.runtimes()] == [
            ("planner", 6, 2),
            ("", 5, 2),
            ("coder", 1, 1),
        ]

    def test_which_conversations_ever_used_a_runtime(self, history: RuntimeHistory) -> None:
        uses = history.conversations_using("planner")

        assert [(each.conv_id, each.turns) for each in uses] == [("steady", 3), ("switching", 3)]
        assert uses[1].last_created_ms == FIRST_MS + 6 * DAY_MS
        assert history.conversations_using("nobody") == ()

    def test_its_segments_and_switches_come_conversation_by_conversation(self, history: RuntimeHistory) -> None:
        names = ("steady", "switching", "unknown")

        assert history.segments() == tuple(each for name in names for each in history.segments(name))
        assert history.switches() == history.switches("switching")

    def test_how_much_of_it_is_known(self, history: RuntimeHistory) -> None:
        coverage = history.coverage()

        assert (coverage.turns, coverage.runtime_known) == (12, 7)
        assert (coverage.conversations, coverage.conversations_known) == (3, 1)


class TestTheFile:
    def test_is_left_as_it_was_and_may_be_removed_while_it_is_asked(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"c": ["planner"]})
        before = hashlib.sha256(path.read_bytes()).hexdigest()

        with RuntimeHistory(path) as history:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == before
            assert [entry.name for entry in tmp_path.iterdir()] == ["turns.db"]
            path.unlink()
            assert history.runtimes()[0].runtime_key == "planner"

    def test_a_missing_one_is_an_error_and_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(MissingFileError):
            RuntimeHistory(tmp_path / "none.db")

        assert list(tmp_path.iterdir()) == []

    def test_one_that_is_no_database_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("no database" * 100)

        with pytest.raises(NotADatabaseError):
            RuntimeHistory(tmp_path / "notes.txt")

    def test_one_without_turns_is_refused(self, tmp_path: Path) -> None:
        run_sql(tmp_path / "other.db", "CREATE TABLE notes (id)")

        with pytest.raises(FileShapeError):
            RuntimeHistory(tmp_path / "other.db")

    def test_running_out_of_memory_says_nothing_about_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = make_history(tmp_path / "turns.db", {"c": ["planner"] * 50})
        run_sql(path, "UPDATE turns SET inference_id = printf('%.*c', 3000000, 'i') || turn_id")
        monkeypatch.setitem(Warehouse.__init__.__kwdefaults__ or {}, "memory_bytes", 20 << 20)

        with pytest.raises(MemoryLimitError, match="more than the 20 MiB"):
            RuntimeHistory(path)

    def test_one_from_before_the_migration_has_a_history_of_unknown_turns(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"c": ["planner", "coder"]})
        run_sql(path, "ALTER TABLE turns DROP COLUMN runtime_key", "ALTER TABLE turns DROP COLUMN inference_id")

        with RuntimeHistory(path) as history:
            assert [turn.runtime_key for turn in history.turns("c")] == ["", ""]


@pytest.mark.samples
class TestRealFiles:
    def test_every_turn_has_the_runtime_that_the_original_program_lists(
        self, samples: Path, sample_copy: Callable[[str], Path]
    ) -> None:
        oracle = samples / "oracle" / "gp26_native.turns_rows.jsonl"
        rows = [json.loads(line) for line in oracle.read_text(encoding="utf-8").splitlines()]
        expected = {(row["conv_id"], row["session_id"], row["turn_id"]): row["runtime_key"] for row in rows}

        with RuntimeHistory(sample_copy("gp26_native_turns.db")) as history:
            conversations = {conv_id for conv_id, _, _ in expected}
            found = {
                (turn.conv_id, turn.session_id, turn.turn_id): turn.runtime_key
                for conv_id in conversations
                for turn in history.turns(conv_id)
            }
            runtimes = {each.runtime_key: each.turns for each in history.runtimes()}

        assert found == expected
        assert runtimes == Counter(expected.values())


@pytest.mark.parametrize("epoch_ms", [None, 2**62, -(2**62)])
def test_a_number_that_is_no_time_is_none(epoch_ms: int | None) -> None:
    assert moment_of(epoch_ms) is None


def test_a_time_is_exact_to_the_millisecond() -> None:
    assert moment_of(1_771_928_100_123) == datetime(2026, 2, 24, 10, 15, 0, 123_000, tzinfo=UTC)
