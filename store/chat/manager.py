"""The conversations of one program: takes prompts, runs them one after another, remembers what each runtime answered.

Locks, from the outside in: the manager's own guards its dictionary only; a lock per conversation makes loading and
leaving happen one at a time; a conversation's own guards its state. No database is read or written under the first or
the last of them.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
import uuid
from collections.abc import Iterator

from store.chat.clock import GrowingClock, NowMs, wall_clock_ms
from store.chat.conversation import (
    Conversation,
    ConversationRetiredError,
    ConversationView,
    Prompt,
    RequestState,
)
from store.chat.errors import InvalidPromptError, ManagerClosedError, UnknownConversationError
from store.chat.keyed_locks import KeyedLocks
from store.chat.persisters import SaveCounter, SaveTotals
from store.chat.pointer import PointerWriter, resumed_key
from store.chat.profiles import ProfileNames
from store.chat.prompt_runner import PromptRunner
from store.chat.runtime import Runtime, RuntimeComposer
from store.conversations.conversation_store import ConversationStore
from store.sqlite.closing import Closing
from store.turns.turn_store import TurnStore

IDLE_MS = 300_000
WORKERS = 8
MAX_PROMPT_BYTES = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class ManagerStats:
    """What a manager has done since it started; ``saves`` are snapshots, ``pointers`` are conversation records."""

    live_conversations: int
    saves: SaveTotals
    pointers: SaveTotals


class ConversationManager(Closing):
    """Runs the conversations of one program over a turn store and a conversation store.

    It closes neither of them. Every method may be called from any thread.
    """

    def __init__(
        self,
        turns: TurnStore,
        conversations: ConversationStore,
        composer: RuntimeComposer,
        *,
        workers: int = WORKERS,
        idle_ms: int = IDLE_MS,
        now_ms: NowMs = wall_clock_ms,
    ) -> None:
        self.composer = composer
        self._turns = turns
        self._conversations = conversations
        self._idle_ms = idle_ms
        self._now_ms = now_ms
        self._saves = SaveCounter()
        self._pointer_saves = SaveCounter()
        self._pointer = PointerWriter(conversations, self._pointer_saves)
        self._runner = PromptRunner(turns, self._pointer, self._saves)
        self._live: dict[str, Conversation] = {}
        self._running: set[concurrent.futures.Future[None]] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._loading = KeyedLocks()
        self._workers = concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="turntruth-chat")

    @property
    def stats(self) -> ManagerStats:
        """The counters now."""
        with self._lock:
            live = len(self._live)
        return ManagerStats(live, self._saves.totals, self._pointer_saves.totals)

    def submit(
        self, conv_id: str, text: str, *, names: ProfileNames | None = None, idempotency_key: str = ""
    ) -> RequestState:
        """Take a prompt into a conversation, made if there is none of that id; answers at once.

        The profile is the first that the request names, else that of the conversation, else the registry's default. A
        key that was used before returns the state of that request and does nothing.

        Raises
        ------
        InvalidPromptError, InvalidProfileError, UnknownProfileError, QueueFullError
            The prompt is refused; nothing has changed.
        """
        _check_prompt(conv_id, text)
        key = idempotency_key or str(uuid.uuid4())
        while True:
            conversation = self._get_or_load(conv_id)
            known = conversation.request(key)
            if known is not None:
                return known
            runtime = self._choose(conversation, names or ProfileNames())
            prompt = Prompt(text, runtime, key, turn_id=str(uuid.uuid4()), inference_id=str(uuid.uuid4()))
            with contextlib.suppress(ConversationRetiredError):  # it left between the two lines: load it again
                return self._accept(conversation, prompt)

    def views(self) -> list[ConversationView]:
        """The live conversations, sorted by id."""
        with self._lock:
            live = list(self._live.values())
        return sorted((conversation.view() for conversation in live), key=lambda view: view.conv_id)

    def view(self, conv_id: str) -> ConversationView | None:
        """One live conversation, None if it is not in memory."""
        with self._lock:
            conversation = self._live.get(conv_id)
        return conversation.view() if conversation else None

    def request(self, conv_id: str, idempotency_key: str) -> RequestState | None:
        """What became of a prompt, if it is still remembered."""
        with self._lock:
            conversation = self._live.get(conv_id)
        return conversation.request(idempotency_key) if conversation else None

    @contextlib.contextmanager
    def attached(self, conv_id: str) -> Iterator[ConversationView]:
        """Read along in a live or stored conversation; that changes neither its runtime nor its record."""
        conversation = self._attach(conv_id)
        try:
            yield conversation.view()
        finally:
            conversation.detach()

    def cancel(self, conv_id: str) -> bool:
        """Tell the running inference of a conversation to stop; false if none runs."""
        with self._lock:
            conversation = self._live.get(conv_id)
        return conversation.cancel() if conversation else False

    def clear_error(self, conv_id: str) -> None:
        """Clear the last error of a conversation, in memory and in its record."""
        with self._lock:
            conversation = self._live.get(conv_id)
        if conversation:
            conversation.clear_error()
        elif self._conversations.get(conv_id) is None:
            raise UnknownConversationError(conv_id)
        self._pointer.note(conv_id, last_error="")

    def evict_idle(self) -> list[str]:
        """Let go of the conversations in which nothing has happened for a while; returns their ids."""
        return self._retire(self._now_ms() - self._idle_ms, "evicted")

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing runs; false if the time was not enough."""
        with self._lock:
            running = set(self._running)
        return not concurrent.futures.wait(running, timeout_s).not_done

    def close(self, timeout_s: float = 30.0) -> None:
        """Take nothing more, give up what waits, let what runs end (cancelled after the timeout), record ``closed``."""
        with self._lock:
            self._closed = True
            live = list(self._live.values())
        for conversation in live:
            conversation.drop_queued("the program was closed before this prompt's turn came")
        if not self.wait(timeout_s):
            for conversation in live:
                conversation.cancel()
        self._workers.shutdown(wait=True)
        self._retire(None, "closed")

    # -- loading and leaving ------------------------------------------------------------------------------------

    def _get_or_load(self, conv_id: str) -> Conversation:
        with self._lock:
            if self._closed:
                raise ManagerClosedError
            conversation = self._live.get(conv_id)
        if conversation is not None:
            return conversation
        with self._loading.hold(conv_id):
            with self._lock:
                conversation = self._live.get(conv_id)
            if conversation is None:
                conversation = self._load(conv_id)
                with self._lock:
                    self._live[conv_id] = conversation
        return conversation

    def _load(self, conv_id: str) -> Conversation:
        """Take up a stored conversation where it was left, or begin one."""
        record = self._conversations.get(conv_id)
        latest = self._turns.load_latest(conv_id, phase="final")
        session_id = (record.session_id if record else "") or (latest.session_id if latest else "")
        pointer_at_ms = record.last_activity_ms if record else 0
        return Conversation(
            conv_id,
            session_id or str(uuid.uuid4()),
            GrowingClock(self._now_ms, after_ms=max(pointer_at_ms, latest.created_at_ms if latest else 0)),
            runtime_key=resumed_key(conv_id, record, self._turns),
            pointer_at_ms=pointer_at_ms,
            history=latest.turn if latest else None,
            last_error=record.last_error if record else "",
        )

    def _attach(self, conv_id: str) -> Conversation:
        while True:
            with self._lock:
                conversation = self._live.get(conv_id)
            if conversation is None:
                if self._conversations.get(conv_id) is None:
                    raise UnknownConversationError(conv_id)
                conversation = self._get_or_load(conv_id)
            with contextlib.suppress(ConversationRetiredError):
                conversation.attach()
                return conversation

    def _retire(self, idle_since_ms: int | None, status: str) -> list[str]:
        with self._lock:
            live = list(self._live.values())
        gone = []
        for conversation in live:
            with self._loading.hold(conversation.conv_id):
                if not conversation.retire(idle_since_ms):
                    continue
                self._pointer.note(conversation.conv_id, status=status)
                with self._lock:
                    self._live.pop(conversation.conv_id, None)
            gone.append(conversation.conv_id)
        return gone

    # -- running ------------------------------------------------------------------------------------------------

    def _choose(self, conversation: Conversation, names: ProfileNames) -> Runtime:
        """The runtime a prompt is sent to: as if all prompts before it had been answered already."""
        slug, source = names.first()
        if slug:
            return self.composer.compose(slug, source)
        runtime_key, pointer_at_ms = conversation.key_in_line()
        if pointer_at_ms is not None:
            # Nothing waits: another program may have moved the stored pointer since.
            record = self._conversations.get(conversation.conv_id)
            if record is not None and record.runtime_key and record.last_activity_ms > pointer_at_ms:
                runtime_key = record.runtime_key
        if runtime_key:
            return self.composer.compose(runtime_key, "the conversation's current runtime")
        return self.composer.compose(self.composer.registry.default_slug, "default")

    def _accept(self, conversation: Conversation, prompt: Prompt) -> RequestState:
        with self._lock:
            if self._closed:
                raise ManagerClosedError
            state, job = conversation.accept(prompt)
            if job is None:
                return state
            future = self._workers.submit(self._runner.run_all, conversation, job)
            self._running.add(future)
        # Outside the lock: if the job is done already, the callback runs here and now.
        future.add_done_callback(self._ended)
        return state

    def _ended(self, future: concurrent.futures.Future[None]) -> None:
        with self._lock:
            self._running.discard(future)


def _check_prompt(conv_id: str, text: str) -> None:
    if not conv_id or conv_id != conv_id.strip():
        raise InvalidPromptError("conv_id", "an id without blanks around it")
    if not text.strip():
        raise InvalidPromptError("prompt", "a text")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_PROMPT_BYTES:
        raise InvalidPromptError("prompt", f"at most {MAX_PROMPT_BYTES} bytes of text")
