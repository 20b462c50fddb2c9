"""What only the conversation store in a file does; the rest stands in `store.conformance`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from store.conversations.conversation_store import SqliteConversationStore
from store.conversations.records import ConversationPatch, ConversationRecord, TimelineEntity
from store.errors import DatabasePermissionError, InvalidArgumentError, MissingDatabaseError, UnknownSchemaError
from store.sqlite.database import open_database, schema_sql
from support.turns.oracles import read_jsonl


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "timeline.db"


def test_a_missing_file_is_created_only_when_told(path: Path) -> None:
    with pytest.raises(MissingDatabaseError):
        SqliteConversationStore(path)
    assert not path.exists()
    SqliteConversationStore(path, create=True).close()
    SqliteConversationStore(path).close()


def test_tables_that_are_missing_are_named_and_made_when_told(path: Path) -> None:
    connection = open_database(path, create=True)
    connection.execute(schema_sql("timeline"))
    connection.execute("DROP TABLE timeline_conversations")
    connection.close()
    with pytest.raises(UnknownSchemaError, match="no table timeline_conversations"):
        SqliteConversationStore(path)
    with SqliteConversationStore(path, create=True) as store:
        assert store.list() == []


def test_turns_and_conversations_can_share_a_file(path: Path) -> None:
    from store.turns.turn_store import SqliteTurnStore  # noqa: PLC0415  only this test needs both

    SqliteTurnStore(path, create=True).close()
    SqliteConversationStore(path, create=True).close()
    SqliteTurnStore(path).close()


def test_a_store_opened_to_read_refuses_to_write_and_leaves_no_trace(path: Path) -> None:
    with SqliteConversationStore(path, create=True) as store:
        store.upsert("c", ConversationPatch(last_activity_ms=1))
    before = path.read_bytes()
    with SqliteConversationStore(path, read_only=True) as store:
        assert [record.conv_id for record in store.list()] == ["c"]
        with pytest.raises(DatabasePermissionError):
            store.upsert("c", ConversationPatch())
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["timeline.db"]


def test_of_two_processes_neither_puts_an_older_pointer_over_a_newer_one(path: Path) -> None:
    SqliteConversationStore(path, create=True).close()
    code = (
        "import sys; from store.conversations.conversation_store import SqliteConversationStore\n"
        "from store.conversations.records import ConversationPatch\n"
        "with SqliteConversationStore(sys.argv[1]) as store:\n"
        "    for n in range(int(sys.argv[2]), 400, 2):\n"
        "        store.upsert('c', ConversationPatch(runtime_key=f'r{n}', last_activity_ms=n + 1))\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(path), first]) for first in "01"]
    assert [child.wait() for child in children] == [0, 0]
    with SqliteConversationStore(path) as store:
        record = store.get("c")
    assert record is not None
    assert (record.runtime_key, record.last_activity_ms, record.created_at_ms) == ("r399", 400, 1)


def test_entities_are_written_as_other_programs_read_them(path: Path) -> None:
    with SqliteConversationStore(path, create=True) as store:
        store.upsert_entity(TimelineEntity("c", "e", "message", 3, {"content": "<b>"}, 10, 20))
    connection = open_database(path, read_only=True)
    (text,) = connection.execute("SELECT entity_json FROM timeline_entities").fetchone() or ("",)
    connection.close()
    assert text == (
        '{"createdAtMs":"10","id":"e","kind":"message","props":{"content":"\\u003cb\\u003e"},"updatedAtMs":"20"}'
    )


def test_a_bad_cursor_is_refused(path: Path) -> None:
    with SqliteConversationStore(path, create=True) as store, pytest.raises(InvalidArgumentError, match="cursor"):
        store.list(cursor="WyJhIl0=")


@pytest.mark.samples
@pytest.mark.parametrize("name", ["gp26_native_timeline", "pre_small_timeline"])
def test_the_records_of_the_original_program(sample_copy: Callable[[str], Path], samples: Path, name: str) -> None:
    wanted = [
        ConversationRecord(**{"last_seen_version": 0, "has_timeline": False, **entry})
        for entry in read_jsonl(samples / "oracle" / f"{name}.conversations.jsonl")
    ]
    with SqliteConversationStore(sample_copy(f"{name}.db")) as store:
        found = store.list(limit=1000)
        assert found == wanted
        assert [store.get(record.conv_id) for record in found] == wanted
        snapshots = [store.snapshot(record.conv_id) for record in found]
    assert sum(len(snapshot.entities) for snapshot in snapshots) > 0
    assert all(entity.props for snapshot in snapshots for entity in snapshot.entities)
    assert all(
        snapshot.version == max(entity.version for entity in snapshot.entities)
        for snapshot in snapshots
        if snapshot.entities
    )


@pytest.mark.samples
def test_the_schema_is_the_original_one(sample_copy: Callable[[str], Path], path: Path) -> None:
    SqliteConversationStore(path, create=True).close()
    found = []
    for file in (path, sample_copy("gp26_native_timeline.db")):
        connection = open_database(file, read_only=True)
        objects = connection.execute("SELECT type, name FROM sqlite_schema ORDER BY type, name").fetchall()
        pragmas = {"table": "table_xinfo", "index": "index_xinfo"}
        details = [
            connection.execute(f"SELECT * FROM pragma_{pragmas[str(kind)]}(?)", (name,)).fetchall()
            for kind, name in objects
        ]
        connection.close()
        found.append((objects, details))
    assert found[0] == found[1]
