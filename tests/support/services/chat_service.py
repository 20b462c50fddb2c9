"""A chat service over files on disk for tests: stores, manager, and a real HTTP server in a thread."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from store.api.app import served_app
from store.api.deadlines import DeadlineProtocol
from store.api.settings import ApiSettings
from store.chat.engine import Cancellation, Engine, Tool
from store.chat.manager import ConversationManager
from store.chat.profiles import Profile, ProfileRegistry, RuntimeSettings
from store.chat.runtime import RuntimeComposer
from store.chat.scripted import Call, Delay, Fail, Round, Say, ScriptedEngine
from store.conversations.conversation_store import ConversationStore, SqliteConversationStore
from store.turns.records import Turn, TurnQuery, TurnSnapshot
from store.turns.turn_store import SqliteTurnStore, TurnStore

PROFILES = ("auditor", "inventory", "planner")
WAIT_S = 30.0


def script(prompt: str) -> Sequence[Round]:
    """What the engine does follows from the prompt: ``fail``, ``tool``, ``tool then fail``, ``loop``, or an answer."""
    words = prompt.split()
    match words[0] if words else "":
        case "fail":
            return [[Fail("the model is out of order")]]
        case "tool":
            then = Fail("the model broke off") if "fail" in words else Say("there are 40")
            return [[Say("let me look"), Call("stock", {"sku": "B-12"})], [then]]
        case "badtool":
            return [[Call("broken"), Call("missing")], [Say("sorry")]]
        case "loop":
            return [[Call("stock", {"sku": str(n)})] for n in range(20)]
        case "slow":
            return [[Delay(60_000), Say("too late")]]
    return [[Say("answer to {prompt}")]]


class Gate:
    """Holds engines that were asked to wait until a test lets them go."""

    def __init__(self) -> None:
        self._entered: dict[str, threading.Event] = {}
        self._released: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def _events(self, name: str) -> tuple[threading.Event, threading.Event]:
        with self._lock:
            return (
                self._entered.setdefault(name, threading.Event()),
                self._released.setdefault(name, threading.Event()),
            )

    def pass_through(self, name: str) -> None:
        """Called by an engine: wait until released."""
        entered, released = self._events(name)
        entered.set()
        assert released.wait(WAIT_S), f"nobody released {name}"

    def wait_entered(self, name: str) -> None:
        """Wait until an engine has arrived."""
        assert self._events(name)[0].wait(WAIT_S), f"no engine arrived at {name}"

    def release(self, name: str) -> None:
        """Let the engine go on."""
        self._events(name)[1].set()


class GatedEngine:
    """Plays the script of `script`; a prompt ``hold NAME …`` waits at the gate before it is answered."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._inner = ScriptedEngine(script)

    def infer(self, turn: Turn, cancellation: Cancellation) -> Turn:
        prompt = next(str(block.payload["text"]) for block in reversed(turn.blocks) if block.kind == "user")
        words = prompt.split()
        if words[:1] == ["hold"]:
            self._gate.pass_through(words[1])
            cancellation.check()
        return self._inner.infer(turn, cancellation)


def _stock(args: Mapping[str, Any]) -> Any:
    return {"qty": 40, "sku": args["sku"]}


def _broken(args: Mapping[str, Any]) -> Any:
    raise OSError("no connection")


TOOLS: dict[str, Tool] = {"stock": _stock, "broken": _broken}


def composer(gate: Gate | None = None, *, slugs: Sequence[str] = PROFILES) -> RuntimeComposer:
    """Profiles ``auditor``, ``inventory`` (the default) and ``planner``, all with the same engine and tools."""
    held = gate or Gate()

    def engine(settings: Mapping[str, Any]) -> Engine:
        return GatedEngine(held)

    profiles = [
        Profile(
            slug,
            display_name=slug.title(),
            version=number,
            runtime=RuntimeSettings(f"You do {slug} work.", engine="gated", tools=("broken", "stock")),
        )
        for number, slug in enumerate(slugs, start=1)
    ]
    return RuntimeComposer(
        ProfileRegistry(profiles, default_slug=slugs[min(1, len(slugs) - 1)]), {"gated": engine}, TOOLS
    )


@dataclasses.dataclass(frozen=True, slots=True)
class ChatService:
    """A running service; `url` answers HTTP, the rest is what lies behind it."""

    url: str
    turns: TurnStore
    conversations: ConversationStore
    manager: ConversationManager
    gate: Gate

    def client(self) -> httpx.Client:
        """A client that looks at no proxy of this computer."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=WAIT_S)

    def wait(self) -> None:
        """Wait until all prompts are answered."""
        assert self.manager.wait(WAIT_S)

    def snapshots(self, conv_id: str, **filters: Any) -> list[TurnSnapshot]:
        """The stored snapshots of a conversation, oldest first."""
        return self.turns.list(TurnQuery(conv_id=conv_id, limit=1_000, **filters))[::-1]


@contextlib.contextmanager
def chat_service(folder: Path, *, gate: Gate | None = None, **settings: Any) -> Iterator[ChatService]:
    """A service over ``turns.db`` and ``timeline.db`` of a folder, made if they are missing."""
    held = gate or Gate()
    with (
        SqliteTurnStore(folder / "turns.db", create=True) as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
        ConversationManager(turns, conversations, composer(held)) as manager,
    ):
        api = ApiSettings(turns, conversations, manager, debug_api=True, **settings)
        with served(api) as url:
            yield ChatService(url, turns, conversations, manager, held)


@contextlib.contextmanager
def served(settings: ApiSettings, protocol: type[DeadlineProtocol] = DeadlineProtocol) -> Iterator[str]:
    """Serve an application on a free port of this computer."""
    app = served_app(settings)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="on", http=protocol)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
