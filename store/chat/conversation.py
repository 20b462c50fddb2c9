"""One live conversation: its runtime, its queue, its state. Nothing here reads or writes a database."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict, deque
from typing import Literal

from store.chat.clock import GrowingClock
from store.chat.engine import Cancellation
from store.chat.errors import ChatError, QueueFullError
from store.chat.runtime import Runtime
from store.turns.records import Turn

MAX_QUEUED = 100
MAX_REMEMBERED_REQUESTS = 1_000

RequestStatus = Literal["started", "queued", "running", "completed", "cancelled", "error"]


@dataclasses.dataclass(frozen=True, slots=True)
class Prompt:
    """What a user sent, with the runtime it was sent to; that stays whatever is switched while it waits."""

    text: str
    runtime: Runtime
    idempotency_key: str
    turn_id: str
    inference_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class RequestState:
    """What became of a prompt so far.

    ``queue_position`` counts from 1 and is 0 for what does not wait; ``unsaved_phases`` are snapshots that are lost.
    """

    status: RequestStatus
    conv_id: str
    session_id: str
    idempotency_key: str
    turn_id: str
    inference_id: str
    runtime_key: str
    queue_position: int = 0
    queue_depth: int = 0
    error: str = ""
    unsaved_phases: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation at one moment.

    ``runtime_key`` names its current runtime: the latest pointer, never history. ``active_request_key`` is ``""`` if
    nothing runs; ``pointer_at_ms`` is the time of the pointer as far as this program knows.
    """

    conv_id: str
    session_id: str
    runtime_key: str
    pointer_at_ms: int
    status: str
    last_error: str
    running: bool
    queue_depth: int
    readers: int
    active_request_key: str
    last_activity_ms: int


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """A prompt whose turn came, with what it continues and the sign that stops it."""

    prompt: Prompt
    history: Turn | None
    cancellation: Cancellation


class ConversationRetiredError(ChatError):
    """The conversation left the memory of the manager; whoever still holds the object asks the manager again."""


class Conversation:
    """The state of one conversation behind one lock; every method is short and none calls out.

    At most one prompt runs at a time, the others wait in the order they came. The runtime is one object that is
    replaced as a whole when a turn of another runtime begins, never changed. A conversation that is taken up again
    knows only the key of its runtime until its first turn begins.
    """

    def __init__(
        self,
        conv_id: str,
        session_id: str,
        clock: GrowingClock,
        *,
        runtime_key: str = "",
        pointer_at_ms: int = 0,
        history: Turn | None = None,
        last_error: str = "",
    ) -> None:
        self.conv_id = conv_id
        self.session_id = session_id
        self.clock = clock
        self.caught_up = False  # only the one running prompt looks at it
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._resumed_key = runtime_key
        self._pointer_at_ms = pointer_at_ms
        self._history = history
        self._queue: deque[Prompt] = deque()
        self._active: Job | None = None
        self._requests: OrderedDict[str, RequestState] = OrderedDict()
        self._readers = 0
        self._retired = False
        self._last_error = last_error
        self._last_activity_ms = clock.tick()

    @property
    def runtime(self) -> Runtime | None:
        """The runtime of the latest turn that began here, None if none has yet."""
        with self._lock:
            return self._runtime

    def key_in_line(self) -> tuple[str, int | None]:
        """The runtime key that the next prompt continues, and the time of the pointer; no time while others wait."""
        with self._lock:
            if self._queue:
                return self._queue[-1].runtime.runtime_key, None
            if self._active is not None:
                return self._active.prompt.runtime.runtime_key, None
            return self._current_key(), self._pointer_at_ms

    def pointer_moved(self, at_ms: int) -> None:
        """Note the time at which this conversation's stored pointer was last moved from here."""
        with self._lock:
            self._pointer_at_ms = at_ms

    def view(self) -> ConversationView:
        """What a reader sees now."""
        with self._lock:
            return ConversationView(
                conv_id=self.conv_id,
                session_id=self.session_id,
                runtime_key=self._current_key(),
                pointer_at_ms=self._pointer_at_ms,
                status="evicted" if self._retired else "active",
                last_error=self._last_error,
                running=self._active is not None,
                queue_depth=len(self._queue),
                readers=self._readers,
                active_request_key=self._active.prompt.idempotency_key if self._active else "",
                last_activity_ms=self._last_activity_ms,
            )

    def request(self, idempotency_key: str) -> RequestState | None:
        """What became of an earlier prompt, if it is still remembered."""
        with self._lock:
            return self._requests.get(idempotency_key)

    def accept(self, prompt: Prompt) -> tuple[RequestState, Job | None]:
        """Take a prompt: the job to run if nothing runs, else it waits. The same key again changes nothing."""
        with self._lock:
            self._check_live()
            known = self._requests.get(prompt.idempotency_key)
            if known is not None:
                return known, None
            self._last_activity_ms = self.clock.tick()
            if self._active is None:
                self._active = self._job(prompt)
                return self._remember(prompt, "started"), self._active
            if len(self._queue) >= MAX_QUEUED:
                raise QueueFullError(self.conv_id, len(self._queue))
            self._queue.append(prompt)
            return self._remember(prompt, "queued", position=len(self._queue)), None

    def begin(self, job: Job) -> Runtime:
        """Swap the runtime to the one the prompt was sent to, and return it for the whole inference."""
        with self._lock:
            self._runtime = job.prompt.runtime
            self._remember(job.prompt, "running")
            return self._runtime

    def finish(
        self,
        job: Job,
        status: RequestStatus,
        *,
        error: str = "",
        unsaved_phases: tuple[str, ...] = (),
        history: Turn | None = None,
    ) -> Job | None:
        """Record how a prompt ended; returns the next one's job. ``history`` replaces what the next turn continues."""
        with self._lock:
            self._remember(job.prompt, status, error=error, unsaved_phases=unsaved_phases)
            self._history = history or self._history
            self._last_error = error
            self._last_activity_ms = self.clock.tick()
            self._active = self._job(self._queue.popleft()) if self._queue else None
            return self._active

    def drop_queued(self, reason: str) -> None:
        """Give up every prompt that waits."""
        with self._lock:
            while self._queue:
                self._remember(self._queue.popleft(), "error", error=reason)

    def cancel(self) -> bool:
        """Tell the running inference to stop; false if none runs."""
        with self._lock:
            if self._active is not None:
                self._active.cancellation.cancel()
            return self._active is not None

    def attach(self) -> None:
        """Count a reader; which profile it would like changes nothing here."""
        with self._lock:
            self._check_live()
            self._readers += 1

    def detach(self) -> None:
        """Count a reader that left."""
        with self._lock:
            self._readers = max(0, self._readers - 1)

    def clear_error(self) -> None:
        """Forget the last error."""
        with self._lock:
            self._last_error = ""

    def report_error(self, error: str) -> None:
        """Keep an error for the next reader, until the next turn or until it is cleared."""
        with self._lock:
            self._last_error = error

    def retire(self, idle_since_ms: int | None) -> bool:
        """Leave for good if nothing runs, waits or reads and nothing happened after that time (None: in any case)."""
        with self._lock:
            busy = self._active is not None or bool(self._queue) or self._readers > 0
            if idle_since_ms is None or not (busy or self._last_activity_ms > idle_since_ms):
                self._retired = True
            return self._retired

    def _check_live(self) -> None:
        if self._retired:
            raise ConversationRetiredError(self.conv_id)

    def _current_key(self) -> str:
        return self._runtime.runtime_key if self._runtime else self._resumed_key

    def _job(self, prompt: Prompt) -> Job:
        return Job(prompt, self._history, Cancellation())

    def _remember(
        self,
        prompt: Prompt,
        status: RequestStatus,
        *,
        position: int = 0,
        error: str = "",
        unsaved_phases: tuple[str, ...] = (),
    ) -> RequestState:
        state = RequestState(
            status=status,
            conv_id=self.conv_id,
            session_id=self.session_id,
            idempotency_key=prompt.idempotency_key,
            turn_id=prompt.turn_id,
            inference_id=prompt.inference_id,
            runtime_key=prompt.runtime.runtime_key,
            queue_position=position,
            queue_depth=len(self._queue),
            error=error,
            unsaved_phases=unsaved_phases,
        )
        self._requests[prompt.idempotency_key] = state
        while len(self._requests) > MAX_REMEMBERED_REQUESTS:
            self._requests.popitem(last=False)
        return state
