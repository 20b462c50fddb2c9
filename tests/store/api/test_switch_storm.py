"""Fifty conversations switch at random while readers list; and two programs share one conversation."""

from __future__ import annotations

import concurrent.futures
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store.api.client import DebugClient
from support.processes.audit_process import AuditProcess
from support.services.chat_service import PROFILES, ChatService, chat_service

CONVERSATIONS = 50
PROMPTS = 6
WRITERS = 8
READERS = 2
SEED = 20260224


def write(service: ChatService, numbers: list[int], expected: dict[str, str]) -> None:
    """Send prompts of random profiles into some conversations; `expected` gets turn -> runtime."""
    rng = random.Random(SEED + numbers[0])
    with DebugClient(service.url) as client:
        prompts = [number for number in numbers for _ in range(PROMPTS)]
        rng.shuffle(prompts)
        for number in prompts:
            profile = rng.choice(PROFILES)
            text = rng.choice(["go on", "tool please", "fail", "go on"])
            expected[client.chat(text, conv_id=f"conversation-{number}", profile=profile).turn_id] = profile


def read(service: ChatService, done: threading.Event) -> int:
    """List until the writers are done; whatever is seen of a turn names one runtime for good."""
    seen: dict[str, str] = {}
    rng = random.Random(SEED)
    with DebugClient(service.url) as client:
        while not done.is_set():
            for conversation in client.conversations():
                assert conversation.current_runtime_key in {*PROFILES, ""}
            for item in client.turns(f"conversation-{rng.randrange(CONVERSATIONS)}"):
                assert seen.setdefault(item.turn_id, item.runtime_key) == item.runtime_key
                assert item.runtime_key
                assert item.inference_id
    return len(seen)


@pytest.mark.slow
def test_fifty_conversations_switch_at_random_while_readers_list(tmp_path: Path, audits: AuditProcess) -> None:
    expected: dict[str, str] = {}
    done = threading.Event()
    with (
        chat_service(tmp_path) as service,
        concurrent.futures.ThreadPoolExecutor(WRITERS + READERS) as threads,
    ):
        readers = [threads.submit(read, service, done) for _ in range(READERS)]
        writers = [
            threads.submit(write, service, list(range(first, CONVERSATIONS, WRITERS)), expected)
            for first in range(WRITERS)
        ]
        for writer in writers:
            writer.result()
        service.wait()
        done.set()
        assert all(reader.result() > 0 for reader in readers)
        assert len(expected) == CONVERSATIONS * PROMPTS
        _compare(service, expected)
        assert service.manager.stats.saves.failed == 0
        audits.audit(tmp_path).assert_passed()


def _compare(service: ChatService, expected: dict[str, str]) -> None:
    """Every turn is there with the runtime it was sent to, and every pointer is that of the last one."""
    found: dict[str, str] = {}
    with DebugClient(service.url) as client:
        for conversation in client.conversations():
            items = list(client.turns(conversation.conv_id))
            found |= {item.turn_id: item.runtime_key for item in items}
            assert conversation.current_runtime_key == items[0].runtime_key
            history = client.runtime_history(conversation.conv_id)
            switches = client.timeline(conversation.conv_id).entities
            assert [switch.props["turn_id"] for switch in switches] == [part.first_turn_id for part in history[1:]]
    assert found == expected


_SECOND_PROGRAM = """
import sys
from pathlib import Path
from support.services.chat_service import chat_service
from store.chat.profiles import ProfileNames

with chat_service(Path(sys.argv[1])) as service:
    print("ready", flush=True)
    for line in sys.stdin:
        names = ProfileNames(body=line.strip())
        state = service.manager.submit("shared", "from the other program", names=names)
        service.wait()
        print(state.turn_id, flush=True)
"""


def test_of_two_programs_neither_puts_an_older_pointer_over_a_newer_one(
    tmp_path: Path, audits: AuditProcess, repository: Path
) -> None:
    with chat_service(tmp_path) as service, DebugClient(service.url) as client:
        first = client.chat("from here", conv_id="shared", profile="inventory").turn_id
        service.wait()
        child = subprocess.Popen(
            [sys.executable, "-c", _SECOND_PROGRAM, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=repository,
            env={"PYTHONPATH": f"{repository}:{repository / 'tests'}", "PATH": ""},
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        held = client.chat("hold here", conv_id="shared").turn_id
        service.gate.wait_entered("here")
        child.stdin.write("planner\n")
        child.stdin.flush()
        other = child.stdout.readline().strip()
        assert client.conversation("shared").current_runtime_key == "planner", "the newer turn is the other program's"
        service.gate.release("here")
        service.wait()
        assert client.conversation("shared").current_runtime_key == "planner", "ending an older turn moves nothing back"
        last = client.chat("go on", conv_id="shared").turn_id
        service.wait()
        child.communicate()
        found = {item.turn_id: item.runtime_key for item in client.turns("shared")}
        assert found == {first: "inventory", held: "inventory", other: "planner", last: "planner"}
        audits.audit(tmp_path).assert_passed()
