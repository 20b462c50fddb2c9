"""Files that are removed, replaced or changed under a server: it goes on with what is there, or says what is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store.api.settings import ApiSettings
from store.conversations.conversation_store import SqliteConversationStore
from store.conversations.records import ConversationPatch
from store.errors import DatabaseReplacedError
from store.migration import migrate, rollback
from store.turns.records import Turn, TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore
from support.services.chat_service import served

FILES = ("turns.db", "timeline.db")
ROUTES = {
    "turns.db": ("/api/debug/turns?conv_id=c", "/conversations/c", "/api/debug/conversations/c/runtime-history"),
    "timeline.db": ("/api/debug/conversations", "/", "/api/debug/timeline?conv_id=c"),
}
NAMES = {"turns.db": "turn store", "timeline.db": "conversation store"}


def write(folder: Path, runtime: str) -> Path:
    """Both files with one conversation, of a runtime that tells them from others."""
    folder.mkdir()
    with (
        SqliteTurnStore(folder / "turns.db", create=True) as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
    ):
        turns.save("c", "s", "t", "final", Turn("t"), created_at_ms=5, options=TurnSaveOptions(runtime, "i"))
        conversations.upsert("c", ConversationPatch(session_id="s", runtime_key=runtime, last_activity_ms=5))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "served", "first")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write(tmp_path / "other", "second")


@pytest.fixture
def api(folder: Path) -> Iterator[httpx.Client]:
    with (
        SqliteTurnStore(folder / "turns.db", read_only=True) as turns,
        SqliteConversationStore(folder / "timeline.db", read_only=True) as conversations,
        served(ApiSettings(turns, conversations, debug_api=True)) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def runtimes(api: httpx.Client) -> tuple[str, str]:
    """What the turn file and the conversation file say now."""
    turn = api.get("/api/debug/turn/c/s/t")
    conversation = api.get("/api/debug/conversations/c")
    assert (turn.status_code, conversation.status_code) == (200, 200), turn.text + conversation.text
    return turn.json()["runtime_key"], conversation.json()["current_runtime_key"]


def says(api: httpx.Client, file: str, problem: str) -> None:
    """Every route of a file is a 503 with the reason, without a path; and the health says which file it is."""
    for route in ROUTES[file]:
        answer = api.get(route)
        assert answer.status_code == 503, answer.text
        error = answer.json()["error"]
        assert error["code"] == "service_unavailable"
        assert error["message"].startswith(f"the file of the {NAMES[file]} was removed, replaced or changed; ")
        assert problem in error["message"]
        assert file not in error["message"], "where the file lies is nobody's business"
    health = api.get("/api/debug/health").json()
    assert health["turns" if file == "turns.db" else "timeline"] == "failing"


def elsewhere(statements: str, *arguments: Path) -> None:
    """Run statements in another process, as another program would."""
    code = "import shutil, sqlite3, sys; from pathlib import Path; a = [Path(word) for word in sys.argv[1:]]\n"
    subprocess.run([sys.executable, "-c", code + statements, *map(str, arguments)], check=True)


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_was_renamed_over_is_opened_anew(api: httpx.Client, folder: Path, other: Path, file: str) -> None:
    assert runtimes(api) == ("first", "first")
    (other / file).replace(folder / file)
    assert runtimes(api) == (("second", "first") if file == "turns.db" else ("first", "second"))


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_was_copied_over_is_read_anew(api: httpx.Client, folder: Path, other: Path, file: str) -> None:
    assert runtimes(api) == ("first", "first")
    elsewhere("shutil.copyfile(a[0], a[1])", other / file, folder / file)
    assert runtimes(api) == (("second", "first") if file == "turns.db" else ("first", "second"))


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_gone_is_told_until_one_is_there_again(
    api: httpx.Client, folder: Path, other: Path, file: str
) -> None:
    assert runtimes(api) == ("first", "first")
    (folder / file).rename(folder / "moved")
    says(api, file, "no such file")
    assert not (folder / file).exists(), "reading made a file"
    (other / file).rename(folder / file)
    assert "second" in runtimes(api)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("content", "problem"), [(b"", "empty"), (b"PK\x03\x04", "not a SQLite database"), (None, "directory")]
)
def test_what_is_no_database_is_told(
    api: httpx.Client, folder: Path, file: str, content: bytes | None, problem: str
) -> None:
    assert runtimes(api) == ("first", "first")
    (folder / file).unlink()
    if content is None:
        (folder / file).mkdir()
    else:
        (folder / file).write_bytes(content)
    says(api, file, problem)


@pytest.mark.parametrize("file", FILES)
def test_the_other_file_in_its_place_is_told(api: httpx.Client, folder: Path, other: Path, file: str) -> None:
    assert runtimes(api) == ("first", "first")
    (wrong,) = set(FILES) - {file}
    (other / wrong).replace(folder / file)
    says(api, file, "it has no table")


@pytest.mark.parametrize("file", FILES)
def test_a_table_that_another_program_dropped_is_told(api: httpx.Client, folder: Path, file: str) -> None:
    assert runtimes(api) == ("first", "first")
    table = "turns" if file == "turns.db" else "timeline_conversations"
    elsewhere(f"c = sqlite3.connect(a[0]); c.execute('DROP TABLE {table}'); c.commit(); c.close()", folder / file)
    says(api, file, f"it has no table {table}")


@pytest.mark.parametrize("file", FILES)
def test_a_vacuum_changes_nothing_of_the_answers(api: httpx.Client, folder: Path, file: str) -> None:
    before = runtimes(api)
    elsewhere("c = sqlite3.connect(a[0]); c.execute('PRAGMA page_size = 8192'); c.execute('VACUUM')", folder / file)
    assert runtimes(api) == before


def test_a_link_that_leads_elsewhere_now_is_followed(folder: Path, other: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(folder / "turns.db")
    with SqliteTurnStore(link, read_only=True) as turns:
        assert turns.runtime_history("c")[0].runtime_key == "first"
        link.unlink()
        link.symlink_to(other / "turns.db")
        assert turns.runtime_history("c")[0].runtime_key == "second"


def test_a_file_that_goes_back_to_an_older_shape_is_told_and_its_migration_is_noticed(
    tmp_path: Path, samples: Path
) -> None:
    path = tmp_path / "turns.db"
    shutil.copyfile(samples / "pre_small_turns.db", path)
    summary = migrate(path)
    assert summary.backup is not None
    with (
        SqliteTurnStore(path, read_only=True) as turns,
        served(ApiSettings(turns, debug_api=True)) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        asked = "/api/debug/turns?conv_id=c"
        assert client.get(asked).status_code == 200
        rollback(path, summary.backup)
        answer = client.get(asked)
        assert answer.status_code == 503
        assert "turns has no columns runtime_key and inference_id" in answer.json()["error"]["message"]
        migrate(path, backup=False)
        assert client.get(asked).status_code == 200


@pytest.mark.parametrize("may_write", [True, False])
def test_what_another_program_writes_is_seen(folder: Path, monkeypatch: pytest.MonkeyPatch, *, may_write: bool) -> None:
    """Where nothing may be written, a file with a log is opened as one that never changes: SQLite does not look again.

    Its owner writes it all the same.
    """
    monkeypatch.setattr("store.sqlite.database.os.access", lambda *_: may_write)
    with SqliteTurnStore(folder / "turns.db", read_only=True) as turns:
        assert turns.runtime_history("c")[0].runtime_key == "first"
        statement = "UPDATE turns SET runtime_key = 'third'"
        elsewhere(f'c = sqlite3.connect(a[0]); c.execute("{statement}"); c.commit(); c.close()', folder / "turns.db")
        assert turns.runtime_history("c")[0].runtime_key == "third"


def test_a_writer_saves_into_the_file_that_is_there_now(folder: Path, other: Path) -> None:
    with SqliteTurnStore(folder / "turns.db") as turns:
        turns.save("c", "s", "t2", "final", Turn("t2"), options=TurnSaveOptions("first", "i2"))
        (folder / "turns.db").rename(folder / "moved.db")
        for suffix in ("-wal", "-shm"):
            (folder / f"turns.db{suffix}").unlink(missing_ok=True)
        with pytest.raises(DatabaseReplacedError, match=r"turn store was removed, replaced or changed .*no such file"):
            turns.save("c", "s", "t3", "final", Turn("t3"), options=TurnSaveOptions("first", "i3"))
        (other / "turns.db").rename(folder / "turns.db")
        turns.save("c", "s", "t4", "final", Turn("t4"), options=TurnSaveOptions("second", "i4"))
        assert [segment.runtime_key for segment in turns.runtime_history("c")] == ["second"]
