"""How long a client may keep a connection busy without a whole request, or without taking its answer.

uvicorn ends what is idle between two requests (``timeout_keep_alive``), but waits for ever for headers that never end,
for a body that never comes, and for a reader that never reads: each such connection holds a descriptor of the server.
"""

from __future__ import annotations

import asyncio
import uuid
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from store.api.errors import error_answer

REQUEST_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 60.0


class DeadlineProtocol(H11Protocol):
    """uvicorn's own HTTP/1.1 with two deadlines; what a server of this room speaks.

    A request, headers and body, must be there `request_timeout_s` after its first byte, or after the connection was
    made; else it is answered with 408 and the connection ends, without an answer if not a byte came. A client that
    does not take an answer for `answer_timeout_s` is let go.
    """

    request_timeout_s = REQUEST_TIMEOUT_S
    answer_timeout_s = ANSWER_TIMEOUT_S

    _request_deadline: asyncio.TimerHandle | None = None
    _answer_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._watch_request()

    def data_received(self, data: bytes) -> None:
        """Take what came, and see whether the request is whole now."""
        super().data_received(data)
        self._watch_request()

    def on_response_complete(self) -> None:
        """See whether a body is still on its way although it was answered already."""
        super().on_response_complete()
        self._watch_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_request_deadline()
        self._stop_answer_deadline()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not keep up with its answer."""
        super().pause_writing()
        if self._answer_deadline is None:
            self._answer_deadline = self.loop.call_later(self.answer_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client took some of it."""
        self._stop_answer_deadline()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """No further request came."""
        super().timeout_keep_alive_handler()
        # A transport that is closed waits until all is sent: for ever, if the other side does not read.
        if self.transport.get_write_buffer_size() and self._answer_deadline is None:
            self._answer_deadline = self.loop.call_later(self.answer_timeout_s, self.transport.abort)

    def _watch_request(self) -> None:
        state = self.conn.their_state
        # Between two requests the clock of uvicorn's keep-alive runs.
        begun = state is h11.SEND_BODY or (state is h11.IDLE and self.timeout_keep_alive_task is None)
        if not begun or self.transport.is_closing():
            self._stop_request_deadline()
        elif self._request_deadline is None:
            self._request_deadline = self.loop.call_later(self.request_timeout_s, self._give_up)

    def _give_up(self) -> None:
        """End a request that did not become whole."""
        self._request_deadline = None
        if self.transport.is_closing():
            return
        came, _ = self.conn.trailing_data
        if came or self.conn.their_state is h11.SEND_BODY:
            self._answer_too_late()
        self.transport.close()

    def _answer_too_late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # The application waits for the body: it learns that the client is gone, and its answer goes nowhere.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        message = f"the request was not complete within {self.request_timeout_s:g} seconds"
        answer = error_answer(HTTPStatus.REQUEST_TIMEOUT, message, uuid.uuid4().hex)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=408, headers=headers, reason=HTTPStatus.REQUEST_TIMEOUT.phrase.encode()),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")

    def _stop_request_deadline(self) -> None:
        if self._request_deadline is not None:
            self._request_deadline.cancel()
            self._request_deadline = None

    def _stop_answer_deadline(self) -> None:
        if self._answer_deadline is not None:
            self._answer_deadline.cancel()
            self._answer_deadline = None
