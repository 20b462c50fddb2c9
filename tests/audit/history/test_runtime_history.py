from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.demo.run import migrate_demo, write_demo
from audit.errors import DamagedFileError, FileShapeError, MemoryLimitError, MissingFileError, NotADatabaseError
from audit.history import order_staging, staged_reading
from audit.history.answer import Answer, ClosedHistoryError
from audit.history.runtime_history import RuntimeHistory, UnknownConversationError
from audit.history.staged_reading import ChangedFileError, InputNotGivenError
from audit.staging import native_tables
from support.files.runtime_files import DAY_MS, FIRST_MS, make_history
from support.files.sqlite_files import TURNS_DDL, run_sql

MEMBERSHIP_DDL = (
    "CREATE TABLE turn_block_membership (conv_id TEXT, session_id TEXT, turn_id TEXT, phase TEXT,"
    " snapshot_created_at_ms INTEGER, ordinal INTEGER, block_id TEXT, content_hash TEXT)"
)
SWITCHING = ["planner", "planner", "coder", "", "", "planner", ""]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeHistory]:
    conversations = {"switching": SWITCHING, "steady": ["planner"] * 3, "unknown": ["", ""]}
    with RuntimeHistory(make_history(tmp_path_factory.mktemp("history") / "turns.db", conversations)) as opened:
        yield opened


def snapshot(conv_id: str, turn_id: str, moment: int) -> str:
    return (
        "INSERT INTO turn_block_membership SELECT conv_id, session_id, turn_id, 'final',"
        f" {moment}, 0, 'b', 'h' FROM turns WHERE conv_id = '{conv_id}' AND turn_id = '{turn_id}'"
    )


def switches_of(conv_id: str, runtimes: list[str]) -> list[tuple[str, str, str, int, int]]:
    """The switches of a conversation, worked out apart from the views."""
    known = [(place, runtime) for place, runtime in enumerate(runtimes, start=1) if runtime]
    return [
        (conv_id, before, after, place, place - last - 1)
        for (last, before), (place, after) in pairwise(known)
        if before != after
    ]


def answers(history: RuntimeHistory) -> list[Answer]:
    return [history.turns("a"), history.segments(), history.switches("a"), history.runtimes()]


class TestOneTurn:
    def test_says_which_runtime_produced_it_and_how_that_is_known(self, history: RuntimeHistory) -> None:
        (turn,) = history.find_turn("switching-3")

        assert (turn.conv_id, turn.place, turn.runtime_key, turn.inference_id) == ("switching", 3, "coder", "inf-3")
        assert (turn.evidence_runtime, turn.runtime_kind) == ("", "")
        assert turn.created_at == datetime(2026, 1, 4)  # noqa: DTZ001  # UTC, as DuckDB has it

    def test_an_unknown_one_stays_unknown(self, history: RuntimeHistory) -> None:
        (turn,) = history.find_turn("switching-4")

        assert turn.runtime_key == ""

    def test_an_id_that_nobody_has_gives_nothing(self, history: RuntimeHistory) -> None:
        assert not len(history.find_turn("no-such-turn"))
        assert not len(history.find_turn("switching-3", "steady"))

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
        segments = list(history.segments("switching"))

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
        assert not len(history.switches(conv_id))

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
            expected = [list(each) for each in answers(history)]
        run_sql(
            path,
            "ALTER TABLE turns RENAME TO rows",
            f"{TURNS_DDL} WITHOUT ROWID",
            "INSERT INTO turns SELECT * FROM rows",
            "DROP TABLE rows",
        )

        with RuntimeHistory(path) as history:
            assert [list(each) for each in answers(history)] == expected
            assert [turn.place for turn in history.find_turn("a-3")] == [3]

    def test_a_turn_whose_creation_time_is_damaged_is_still_a_turn(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"a": ["planner", "coder"]})
        run_sql(path, "UPDATE turns SET turn_created_at_ms = 'soon' WHERE turn_id = 'a-2'")

        with RuntimeHistory(path) as history:
            (turn,) = history.find_turn("a-2")
            assert (turn.runtime_key, turn.created_ms, turn.created_at) == ("coder", None, None)
            assert {turn.turn_id for turn in history.turns("a")} == {"a-1", "a-2"}


class TestSwitches:
    @settings(max_examples=25, deadline=None)
    @given(st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from(["", "x", "y"]), max_size=9), min_size=1))
    def test_are_the_changes_between_neighbours_once_unknown_turns_are_left_out(
        self, conversations: dict[str, list[str]]
    ) -> None:
        with (
            TemporaryDirectory() as folder,
            RuntimeHistory(make_history(Path(folder) / "t.db", conversations)) as asked,
        ):
            found = [
                (each.conv_id, each.from_runtime, each.to_runtime, each.place, each.unknown_turns)
                for each in asked.switches()
            ]
            segments = [(each.conv_id, each.runtime_key, each.turns) for each in asked.segments()]

        assert found == [each for name in sorted(conversations) for each in switches_of(name, conversations[name])]
        assert segments == [
            (name, runtime, len(list(members)))
            for name in sorted(conversations)
            for runtime, members in groupby(conversations[name])
        ]


class TestTheWholeFile:
    def test_every_runtime_is_listed_with_its_use(self, history: RuntimeHistory) -> None:
        assert [(each.runtime_key, each.turns, each.conversations) for each in history.runtimes()] == [
            ("planner", 6, 2),
            ("", 5, 2),
            ("coder", 1, 1),
        ]

    def test_which_conversations_ever_used_a_runtime(self, history: RuntimeHistory) -> None:
        uses = list(history.conversations_using("planner"))

        assert [(each.conv_id, each.turns) for each in uses] == [("steady", 3), ("switching", 3)]
        assert uses[1].last_created_ms == FIRST_MS + 6 * DAY_MS
        assert not len(history.conversations_using("nobody"))

    def test_its_segments_and_switches_come_conversation_by_conversation(self, history: RuntimeHistory) -> None:
        names = ("steady", "switching", "unknown")

        assert list(history.segments()) == [each for name in names for each in history.segments(name)]
        assert list(history.switches()) == list(history.switches("switching"))

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

    def test_running_out_of_memory_says_nothing_about_it_but_who_can_be_allowed_more(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"c": ["planner"] * 50})
        run_sql(path, "UPDATE turns SET inference_id = printf('%.*c', 3000000, 'i') || turn_id")

        with pytest.raises(MemoryLimitError, match="more than the 20 MiB") as caught:
            RuntimeHistory(path, memory_bytes=20 << 20)

        assert "RuntimeHistory(…, memory_bytes=40 << 20)" in str(caught.value)
        assert "AuditSettings" not in str(caught.value)
        with RuntimeHistory(path, memory_bytes=400 << 20) as history:
            assert len(history.turns()) == 50

    def test_ids_of_kilobytes_are_read_with_as_much_memory_as_the_error_names(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {f"c{number}": ["planner", "coder"] * 10 for number in range(625)})
        run_sql(path, "UPDATE turns SET turn_id = turn_id || hex(randomblob(1000))")
        needed = 20 << 20  # what 320 MiB are to 200,000 turns
        while True:
            try:
                with RuntimeHistory(path, memory_bytes=needed) as history:
                    assert len(history.switches()) == 625 * 19
                break
            except MemoryLimitError as error:
                (named,) = re.findall(r"memory_bytes=(\d+) << 20", str(error))
                assert int(named) << 20 == 2 * needed
                needed = int(named) << 20

        assert 20 << 20 < needed <= 80 << 20

    def test_so_does_running_out_of_it_behind_the_last_turn(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def segments(connection: object, reads: object) -> None:
            raise duckdb.OutOfMemoryException

        monkeypatch.setattr(staged_reading, "_create_documented", segments)

        with pytest.raises(MemoryLimitError):
            RuntimeHistory(make_history(tmp_path / "turns.db", {"c": ["planner"]}))

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


class TestTies:
    """Turns of one time are ordered by their first snapshot, then by rowid, as an audit orders them."""

    @pytest.fixture
    def tied(self, tmp_path: Path) -> Path:
        path = make_history(tmp_path / "turns.db", {"a": ["x", "y", "z"], "b": ["x", "y"]})
        run_sql(path, "UPDATE turns SET turn_created_at_ms = 5 WHERE turn_id IN ('a-1', 'a-2')", MEMBERSHIP_DDL)
        return path

    def test_by_their_first_snapshot(self, tied: Path) -> None:
        run_sql(tied, *(snapshot("a", f"a-{turn}", moment) for turn, moment in ((1, 20), (1, 40), (2, 30), (3, 10))))

        with RuntimeHistory(tied) as history:
            assert [turn.turn_id for turn in history.turns("a")] == ["a-1", "a-2", "a-3"]

    def test_by_rowid_where_there_is_none(self, tied: Path) -> None:
        with RuntimeHistory(tied) as history:
            assert [turn.turn_id for turn in history.turns("a")] == ["a-2", "a-1", "a-3"]

    @pytest.mark.parametrize("most", [0, 10])
    def test_however_many_there_are(self, most: int, tied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(order_staging, "MOST_LOOKED_UP", most)
        run_sql(tied, "UPDATE turns SET conv_id = 'it''s' WHERE conv_id = 'a'", snapshot("it''s", "a-1", 1))

        with RuntimeHistory(tied) as history:
            assert [turn.turn_id for turn in history.turns("it's")] == ["a-1", "a-2", "a-3"]


class TestFurtherQuestions:
    def test_the_turn_of_an_inference(self, history: RuntimeHistory) -> None:
        assert ("switching-3", "coder") in [(t.turn_id, t.runtime_key) for t in history.find_inference("inf-3")]

    def test_the_turns_of_a_runtime(self, history: RuntimeHistory) -> None:
        assert [turn.turn_id for turn in history.turns_using("coder")] == ["switching-3"]

    def test_shares_of_each_period_add_up(self, history: RuntimeHistory) -> None:
        shares = history.shares("month").df()

        assert shares.groupby("period")["share"].sum().round(9).eq(1).all()
        assert shares["turns"].sum() == 12

    def test_only_an_hour_a_day_and_a_month_are_periods(self, history: RuntimeHistory) -> None:
        with pytest.raises(ValueError, match="week"):
            history.shares("week")

    def test_coverage_by_month_and_conversation_adds_up(self, history: RuntimeHistory) -> None:
        known = history.coverage()
        for answer in (history.coverage_by_month(), history.coverage_by_conversation()):
            rows = list(answer)
            assert (sum(row.turns for row in rows), sum(row.runtime_known for row in rows)) == (
                known.turns,
                known.runtime_known,
            )

    @pytest.mark.parametrize("question", ["pointers", "changes"])
    def test_without_its_file_a_question_is_refused_and_not_answered_with_nothing(
        self, question: str, history: RuntimeHistory
    ) -> None:
        with pytest.raises(InputNotGivenError, match=f"{question} needs the"):
            getattr(history, question)()

    def test_pointers_that_disagree(self, tmp_path: Path) -> None:
        demo = write_demo(tmp_path)
        migrate_demo(demo)
        with RuntimeHistory(demo.turns, timeline=demo.timeline) as history:
            assert not len(history.pointers())
            every = list(history.pointers(all_of_them=True))
        stale = next(each for each in every if each.pointer and each.pointer == each.latest_runtime)
        run_sql(
            demo.timeline, f"UPDATE timeline_conversations SET runtime_key = 'stale' WHERE conv_id = '{stale.conv_id}'"
        )

        with RuntimeHistory(demo.turns, timeline=demo.timeline) as history:
            assert [(each.conv_id, each.pointer) for each in history.pointers()] == [(stale.conv_id, "stale")]

    def test_what_a_migration_changed(self, tmp_path: Path) -> None:
        before = make_history(tmp_path / "before.db", {"a": ["", "x", "x", ""], "b": ["x"]})
        after = make_history(tmp_path / "after.db", {"a": ["y", "x", "z", ""]})
        run_sql(after, "UPDATE turns SET runtime_key = '' WHERE turn_id = 'a-2'")

        with RuntimeHistory(after, baseline=before) as history:
            found = [(each.turn_id, each.state) for each in history.changes()]
        assert found == [("a-1", "filled"), ("a-2", "emptied"), ("a-3", "changed"), ("b-1", "removed")]


class TestStates:
    """Every answer is about the file as it was when it was opened."""

    def test_a_file_that_was_written_to_meanwhile_is_refused_for_what_was_not_read_yet(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"c": ["planner"]})
        with RuntimeHistory(path) as history:
            run_sql(path, "UPDATE turns SET runtime_key = 'other'")

            assert history.runtimes()[0].runtime_key == "planner"
            with pytest.raises(ChangedFileError, match="Open it again"):
                history.evidence()

    def test_after_closing_it_says_so(self, tmp_path: Path) -> None:
        with RuntimeHistory(make_history(tmp_path / "turns.db", {"c": ["planner"]})) as history:
            answer = history.runtimes()

        for use in (history.runtimes, answer.df, lambda: list(answer), history.coverage):
            with pytest.raises(ClosedHistoryError, match="is closed"):
                use()

    def test_a_table_that_cannot_be_read_to_its_end_is_no_short_history(self, tmp_path: Path) -> None:
        path = make_history(tmp_path / "turns.db", {"c": ["planner"] * 4000})
        content = bytearray(path.read_bytes())
        content[len(content) // 2 : len(content) // 2 + 4096] = b"\xff" * 4096
        path.write_bytes(content)

        with pytest.raises(DamagedFileError):
            RuntimeHistory(path)

    def test_opening_reads_no_metadata(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = make_history(tmp_path / "turns.db", {"c": ["planner"]})
        monkeypatch.setattr(native_tables, "read_metadata", None)
        monkeypatch.setattr(native_tables, "_begin_integrity", None)

        with RuntimeHistory(path) as history:
            assert len(history.turns()) == 1
