"""What a server is started with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from store.api.json_answer import MAX_ANSWER_BYTES
from store.chat.manager import ConversationManager
from store.conversations.conversation_store import ConversationStore
from store.turns.turn_store import TurnStore

if TYPE_CHECKING:
    from fastapi import APIRouter


@dataclasses.dataclass(frozen=True, slots=True)
class PagesBeside:
    """Pages of somebody else on the same server, with the link that leads to them.

    They are behind the same gate. An answer of theirs may carry a ``Content-Security-Policy`` and ``X-Frame-Options``
    of its own.
    """

    router: APIRouter
    title: str
    path: str


@dataclasses.dataclass(frozen=True, slots=True)
class ApiSettings:
    """The sources and the limits of one server; whoever makes it closes the stores.

    Attributes
    ----------
    turns, conversations
        What to read; a source that is None answers 503.
    manager
        Runs chats; without it there are no chat routes.
    debug_api
        Whether ``/api/debug/…`` exists.
    token
        If not ``""``, every request must carry it: ``Authorization: Bearer TOKEN``, or as the password of Basic
        authentication, which browsers can send.
    hosts
        The names in the ``Host`` header that are answered; empty = any. Against pages of other sites whose name was
        made to resolve to this computer.
    max_answer_bytes
        About how large the items of one answer may be.
    beside
        Further pages.
    """

    turns: TurnStore | None = None
    conversations: ConversationStore | None = None
    manager: ConversationManager | None = None
    debug_api: bool = False
    token: str = dataclasses.field(default="", repr=False)
    hosts: tuple[str, ...] = ()
    max_answer_bytes: int = MAX_ANSWER_BYTES
    beside: tuple[PagesBeside, ...] = ()
