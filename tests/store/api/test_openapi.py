"""The description of the API: it says what the pointer is, and every answer to any request is one it documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from store.api import client, responses
from store.api.reference import description
from store.api.settings import ApiSettings
from store.chat import conversation, pointer
from store.chat.manager import ConversationManager
from store.conversations.conversation_store import SqliteConversationStore
from store.turns.turn_store import SqliteTurnStore
from support.services.chat_service import composer, served
from support.services.page_data import fill

SENTENCE = "latest pointer, never history"
EXAMPLES = 15
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


DESCRIPTION = description()
OPERATIONS = [(path, method) for path, item in DESCRIPTION["paths"].items() for method in item]


def can_be_wrong(path: str, method: str) -> bool:
    """Whether a request can break the rules: any text is an id, so a path alone cannot."""
    operation = DESCRIPTION["paths"][path][method]
    in_query = [parameter for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
    return bool(in_query) or "requestBody" in operation


REQUESTS = [(*operation, schemathesis.GenerationMode.POSITIVE) for operation in OPERATIONS] + [
    (*operation, schemathesis.GenerationMode.NEGATIVE) for operation in OPERATIONS if can_be_wrong(*operation)
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("openapi")
    with (
        SqliteTurnStore(folder / "turns.db", create=True, empty_runtime="sentinel") as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
        ConversationManager(turns, conversations, composer()) as manager,
    ):
        fill(turns, conversations)
        with served(ApiSettings(turns, conversations, manager, debug_api=True)) as served_url:
            yield served_url


@pytest.mark.parametrize(("path", "method", "mode"), REQUESTS)
def test_no_request_gets_an_answer_that_is_not_documented(
    url: str, path: str, method: str, mode: schemathesis.GenerationMode
) -> None:
    operation = schemathesis.openapi.from_dict(DESCRIPTION)[path][method]
    session = requests.Session()
    session.trust_env = False

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=url, session=session, checks=CHECKS, timeout=20)

    with session:
        holds()


def test_all_operations_of_the_surface_are_described() -> None:
    assert set(OPERATIONS) == {
        ("/api/debug/conversations", "get"), ("/api/debug/conversations/{conv_id}", "get"),
        ("/api/debug/conversations/{conv_id}/runtime-history", "get"), ("/api/debug/turns", "get"),
        ("/api/debug/turn/{conv_id}/{session_id}/{turn_id}", "get"), ("/api/debug/health", "get"),
        ("/api/debug/timeline", "get"), ("/api/timeline", "get"), ("/chat", "post"), ("/chat/{profile}", "post"),
        ("/api/chat/profile", "get"), ("/api/chat/profile", "post"), ("/api/chat/profiles", "get"),
    }  # fmt: skip


def test_the_debug_operations_only_read() -> None:
    assert {method for path, method in OPERATIONS if path.startswith("/api/debug/")} == {"get"}


def test_every_field_called_current_runtime_key_is_said_to_be_a_pointer() -> None:
    found = [
        schema["properties"]["current_runtime_key"]["description"]
        for schema in DESCRIPTION["components"]["schemas"].values()
        if "current_runtime_key" in schema.get("properties", {})
    ]
    assert len(found) >= 3
    assert all(SENTENCE in text for text in found)
    assert SENTENCE in DESCRIPTION["info"]["description"]


@pytest.mark.parametrize("path", [path for path, _ in OPERATIONS if "conversations" in path])
def test_every_operation_that_shows_a_pointer_says_so(path: str) -> None:
    assert SENTENCE in DESCRIPTION["paths"][path]["get"]["description"]


@pytest.mark.parametrize(
    "documented",
    [
        responses, responses.ConversationItem, responses.ConversationDetail, responses.RuntimeHistory, pointer,
        client.DebugClient.conversation, client.DebugClient.conversations, conversation.ConversationView,
    ],
    ids=lambda documented: documented.__name__,
)  # fmt: skip
def test_whatever_has_a_pointer_says_so_in_its_docstring(documented: object) -> None:
    assert SENTENCE in " ".join((documented.__doc__ or "").split())
