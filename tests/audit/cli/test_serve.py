"""``turntruth serve``: a real process over files that it only reads."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store.api.client import ApiRefusedError, DebugClient
from store.conversations.conversation_store import SqliteConversationStore
from store.turns.turn_store import SqliteTurnStore
from support.processes.warm_process import turntruth
from support.services.page_data import SWITCHING, fill

WAIT_S = 30
PROFILES = """
default_profile_slug: inventory
profiles:
  inventory: {display_name: Inventory}
  planner: {runtime: {settings: {rounds: [[{say: "planned: {prompt}"}]]}}}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    with (
        SqliteTurnStore(tmp_path / "turns.db", create=True, empty_runtime="sentinel") as turns,
        SqliteConversationStore(tmp_path / "timeline.db", create=True) as conversations,
    ):
        fill(turns, conversations)
    return tmp_path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from audit.cli import main; main()", "serve", *arguments]


@contextlib.contextmanager
def serving(repository: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    environment = {name: value for name, value in os.environ.items() if name != "TURNTRUTH_TOKEN"}
    child = subprocess.Popen(
        command(*arguments, "--port", "0"),
        cwd=repository, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    try:
        url = child.stdout.readline().strip()
        assert url.startswith("http://"), child.communicate()
        yield url, child
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=WAIT_S)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=repository, capture_output=True, text=True, check=False, timeout=WAIT_S
    )


def test_it_shows_the_page_and_changes_nothing(files: Path, repository: Path) -> None:
    before = content(files)
    options = ("--turns", str(files / "turns.db"), "--timeline", str(files / "timeline.db"))
    with serving(repository, *options) as (url, child):
        assert url.startswith("http://127.0.0.1:")
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert SWITCHING in client.get("/").text
            assert "Switch" in client.get(f"/conversations/{SWITCHING}").text
            assert client.get("/api/debug/conversations").status_code == 404, "off unless asked for"
            assert client.post("/chat", json={"prompt": "hi"}).status_code == 404
            assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert child.returncode == 0
    assert content(files) == before


def test_the_debug_api_and_the_token_are_switched_on(files: Path, repository: Path) -> None:
    options = ("--turns", str(files / "turns.db"), "--timeline", str(files / "timeline.db"), "--debug-api")
    with serving(repository, *options, "--token", "secret") as (url, _):
        with DebugClient(url, token="secret") as client:
            assert len(client.runtime_history(SWITCHING)) == 6
        with DebugClient(url) as stranger, pytest.raises(ApiRefusedError, match="401"):
            stranger.health()


def test_with_profiles_it_answers_prompts_into_new_files(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "profiles.yaml").write_text(PROFILES)
    options = ("--turns", str(tmp_path / "t.db"), "--timeline", str(tmp_path / "c.db"), "--debug-api")
    with (
        serving(repository, *options, "--profiles", str(tmp_path / "profiles.yaml")) as (url, child),
        DebugClient(url) as client,
    ):
        client.chat("hi", conv_id="c", idempotency_key="1")
        while client.chat("plan", conv_id="c", profile="planner", idempotency_key="2").status != "completed":
            time.sleep(0.01)
        assert [segment.runtime_key for segment in client.runtime_history("c")] == ["inventory", "planner"]
    assert child.returncode == 0
    with SqliteTurnStore(tmp_path / "t.db", read_only=True) as turns:
        final = turns.load_latest("c", phase="final")
        assert final is not None
        assert final.turn.blocks[-1].payload == {"text": "planned: plan"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("--turns {folder}/missing.db", "no such file"),
        ("--turns {folder}", "directory"),
        ("--turns {folder}/timeline.db", "timeline.db"),
        ("--turns {folder}/turns.db --timeline {folder}/turns.db", "turns.db"),
        ("--turns {folder}/turns.db --profiles p.yaml", "--profiles needs --timeline"),
        ("--turns {folder}/turns.db --timeline {folder}/timeline.db --profiles no.yaml", "no.yaml"),
        ("", "--turns"),
        ("--turns {folder}/turns.db --port 99999", "--port"),
    ],
)
def test_a_wrong_start_says_why_and_touches_nothing(
    files: Path, repository: Path, arguments: str, problem: str
) -> None:
    before = content(files)
    ended = run(repository, *[word.format(folder=files) for word in arguments.split()])
    assert ended.returncode == 2
    assert problem in ended.stderr
    assert "Traceback" not in ended.stderr
    assert content(files) == before


def test_an_older_file_is_refused_with_what_to_do(files: Path, repository: Path, samples: Path) -> None:
    shutil.copyfile(samples / "pre_small_turns.db", files / "old.db")
    ended = run(repository, "--turns", str(files / "old.db"))
    assert ended.returncode == 2
    assert "turntruth migrate" in ended.stderr


def test_a_port_that_is_taken_is_told(files: Path, repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run(repository, "--turns", str(files / "turns.db"), "--port", str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert "cannot listen" in ended.stderr


def test_a_second_interrupt_waits_for_no_answer_and_tells_no_more_than_one(files: Path) -> None:
    with serving(files, "--turns", "turns.db") as (url, child):
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port or 80)) as unfinished:
            unfinished.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\n")
            assert unfinished.recv(1), "it serves, and waits for the rest of the second request"
            while child.poll() is None:
                child.send_signal(signal.SIGINT)
                time.sleep(0.05)
            _, told = child.communicate()

    assert child.returncode == 0
    assert told.splitlines()[1:] == ["turntruth: stopped by SIGINT: the service has ended"]


def test_the_runs_of_a_folder_are_shown_with_what_is_still_true_of_them(files: Path, repository: Path) -> None:
    """The audit is a process of its own, and so is the server, whose locks on the file must stay what they are."""
    reports = files / "reports"
    audited = turntruth("audit", files / "turns.db", "--out", reports, "--run-id", "one", cwd=repository)
    assert (reports / "one" / "certificate.json").exists(), audited.stderr
    arguments = (
        "--turns",
        str(files / "turns.db"),
        "--timeline",
        str(files / "timeline.db"),
        "--reports",
        str(reports),
    )
    with serving(repository, *arguments) as (url, _):
        assert "This report is still true of its files." in _seen(f"{url}runs/one")
        assert "No longer true" not in _seen(f"{url}runs")
        with (files / "turns.db").open("ab") as stream:
            stream.write(b"\0")
        assert "This report is no longer true of its file" in _seen(f"{url}runs/one")
        page = _seen(f"{url}runs")
        assert page.index("No longer true of its file") < page.index('href="/runs/one"')
        assert httpx.get(f"{url}runs/..%2fturns.db", trust_env=False).status_code == 404


def _seen(url: str) -> str:
    """A page, when what it waits for has been looked at."""
    for _ in range(60):
        text = httpx.get(url, trust_env=False, timeout=WAIT_S).text
        if "is being looked at" not in text:
            return text
        time.sleep(0.5)
    raise AssertionError(text)


def test_a_folder_of_reports_that_is_missing_is_wrong_usage(files: Path, repository: Path) -> None:
    ran = subprocess.run(
        command("--turns", str(files / "turns.db"), "--reports", str(files / "missing")),
        cwd=repository, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert ran.returncode == 2
    assert not (files / "missing").exists()
