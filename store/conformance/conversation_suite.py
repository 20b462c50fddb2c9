"""What every conversation store must do."""

from __future__ import annotations

from store.conformance.running import raises
from store.conversations.conversation_store import ConversationStore, conversation_cursor
from store.conversations.records import ConversationPatch, ConversationRecord, TimelineEntity
from store.errors import InvalidArgumentError, PayloadError, StoreClosedError


class ConversationStoreConformance:
    """Subclass it and say how an empty store is made."""

    def make_store(self) -> ConversationStore:
        """An empty store."""
        raise NotImplementedError

    def test_a_new_record_has_defaults(self) -> None:
        store = self.make_store()
        record = store.upsert("c", ConversationPatch(session_id="s", runtime_key="inventory", last_activity_ms=10))
        assert record == ConversationRecord("c", "s", "inventory", 10, 10)
        assert store.get("c") == record
        assert store.get("unknown") is None

    def test_blank_erases_nothing(self) -> None:
        store = self.make_store()
        store.upsert("c", ConversationPatch("s", "inventory", last_activity_ms=10, status="evicted", last_error="boom"))
        record = store.upsert("c", ConversationPatch("", "", last_activity_ms=20, status=""))
        assert (record.session_id, record.runtime_key) == ("s", "inventory")
        assert (record.status, record.last_error, record.last_activity_ms) == ("evicted", "boom", 20)

    def test_an_error_can_be_cleared(self) -> None:
        store = self.make_store()
        store.upsert("c", ConversationPatch(last_activity_ms=10, last_error="boom"))
        assert store.upsert("c", ConversationPatch(last_activity_ms=20)).last_error == "boom"
        assert store.upsert("c", ConversationPatch(last_activity_ms=20, last_error="")).last_error == ""

    def test_an_older_writer_moves_nothing_back(self) -> None:
        store = self.make_store()
        store.upsert("c", ConversationPatch("s2", "planner", 10, 20, 7, status="active", last_error=""))
        older = ConversationPatch("s1", "inventory", 5, 15, 3, status="evicted", last_error="boom")
        assert store.upsert("c", older) == ConversationRecord("c", "s2", "planner", 5, 20, 7, True, "active", "")

    def test_of_equal_times_the_later_call_wins(self) -> None:
        store = self.make_store()
        store.upsert("c", ConversationPatch(runtime_key="inventory", last_activity_ms=10))
        assert store.upsert("c", ConversationPatch(runtime_key="planner", last_activity_ms=10)).runtime_key == "planner"

    def test_a_record_that_an_entity_made_is_completed_also_by_an_older_patch(self) -> None:
        store = self.make_store()
        store.upsert_entity(TimelineEntity("c", "e", "message", 1, updated_at_ms=100))
        made = store.get("c")
        assert made == ConversationRecord("c", "", "", 100, 100, 1, True)
        record = store.upsert("c", ConversationPatch("s", "inventory", created_at_ms=40, last_activity_ms=50))
        assert record == ConversationRecord("c", "s", "inventory", 40, 100, 1, True)

    def test_a_timeline_once_seen_stays(self) -> None:
        store = self.make_store()
        store.upsert("c", ConversationPatch(has_timeline=True, last_activity_ms=10))
        assert store.upsert("c", ConversationPatch(has_timeline=False, last_activity_ms=20)).has_timeline
        assert store.upsert("d", ConversationPatch(last_seen_version=3)).has_timeline

    def test_lists_are_ordered_and_paged(self) -> None:
        store = self.make_store()
        for conv_id, activity_ms in (("b", 20), ("a", 20), ("c", 10), ("d", 30)):
            store.upsert(conv_id, ConversationPatch(last_activity_ms=activity_ms))
        assert [record.conv_id for record in store.list()] == ["d", "a", "b", "c"]
        assert [record.conv_id for record in store.list(since_ms=20, limit=2)] == ["d", "a"]
        page, seen = store.list(limit=1), []
        while page:
            seen.append(page[0].conv_id)
            page = store.list(limit=1, cursor=conversation_cursor(page[0]))
        assert seen == ["d", "a", "b", "c"]

    def test_entities_keep_their_first_time_and_move_the_version_forward(self) -> None:
        store = self.make_store()
        store.upsert_entity(TimelineEntity("c", "late", "message", 1, {"text": "a"}, 50, 50))
        store.upsert_entity(TimelineEntity("c", "early", "message", 2, {}, 40, 60, {"by": "t1"}))
        again = store.upsert_entity(TimelineEntity("c", "late", "status", 3, {"text": "b"}, 70, 80))
        assert again == TimelineEntity("c", "late", "status", 3, {"text": "b"}, 50, 80)
        snapshot = store.snapshot("c")
        assert snapshot.version == 3
        assert snapshot.entities == (TimelineEntity("c", "early", "message", 2, {}, 40, 60, {"by": "t1"}), again)
        assert store.snapshot("c", since_version=2).entities == (again,)
        assert store.snapshot("c", limit=1).entities == snapshot.entities[:1]
        assert (store.snapshot("unknown").version, store.snapshot("unknown").entities) == (0, ())
        assert store.upsert_entity(TimelineEntity("c", "late", "status", 2, {}, 0, 90)).version == 2
        assert store.snapshot("c").version == 3

    def test_what_is_given_is_checked(self) -> None:
        store = self.make_store()
        for conv_id, patch in (
            ("", ConversationPatch()),
            (" c", ConversationPatch()),
            ("c", ConversationPatch(session_id="s ")),
            ("c", ConversationPatch(runtime_key="\u00a0planner")),
        ):
            with raises(InvalidArgumentError):
                store.upsert(conv_id, patch)
        for entity in (
            TimelineEntity("", "e", "k", 1),
            TimelineEntity("c", "", "k", 1),
            TimelineEntity("c", "e", "", 1),
            TimelineEntity("c", "e", "k", 0),
        ):
            with raises(InvalidArgumentError):
                store.upsert_entity(entity)
        with raises(PayloadError):
            store.upsert_entity(TimelineEntity("c", "e", "k", 1, {"n": float("nan")}))
        with raises(InvalidArgumentError):
            store.list(limit=1001)
        with raises(InvalidArgumentError):
            store.snapshot("c", limit=5001)
        assert store.get("c") is None

    def test_a_closed_store_says_so(self) -> None:
        store = self.make_store()
        store.close()
        with raises(StoreClosedError):
            store.list()
        with raises(StoreClosedError):
            store.upsert("c", ConversationPatch())
