"""What a debug API answers is read to its end, field by field, and every way of not answering is told."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from audit.references import api_reading
from audit.references.api_reading import ApiError, ApiReader
from support.services.answering_server import Request, Respond, answering, page

SNAPSHOT: dict[str, Any] = {
    "conv_id": "c", "session_id": "s", "turn_id": "t", "phase": "final", "created_at_ms": 5,
    "runtime_key": "planner", "inference_id": "i", "payload": "…", "omitted_bytes": 0, "damage": [],
}  # fmt: skip


def always(status: int, body: bytes) -> Respond:
    def respond(request: Request) -> tuple[int, bytes]:
        return status, body

    return respond


def snapshots_of(respond: Respond, conv_id: str = "c", token: str = "") -> list[dict[str, Any]]:
    output = io.BytesIO()
    with answering(respond) as url, ApiReader(url, token) as reader:
        reader.write_snapshots(conv_id, output)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_pages_are_read_to_the_end() -> None:
    asked: list[Mapping[str, str]] = []

    def respond(request: Request) -> tuple[int, bytes]:
        asked.append({"path": request.path, **request.query})
        number = int(request.query.get("cursor", "0"))
        return page({**SNAPSHOT, "turn_id": f"t{number}"}, cursor=str(number + 1) if number < 2 else None)

    assert [row["turn_id"] for row in snapshots_of(respond)] == ["t0", "t1", "t2"]
    assert [each.get("cursor") for each in asked] == [None, "1", "2"]
    assert {each["path"] for each in asked} == {"/api/debug/turns"}


@pytest.mark.parametrize("conv_id", ["ü 𝄞", "a&b=c", "a/b?c#d", "%2F", "+"])
def test_any_id_can_be_asked_for(conv_id: str) -> None:
    rows = snapshots_of(lambda request: page({**SNAPSHOT, "conv_id": request.query["conv_id"]}), conv_id)
    assert [(row["asked_conv_id"], row["conv_id"]) for row in rows] == [(conv_id, conv_id)]


def test_a_row_holds_what_the_checks_compare() -> None:
    (row,) = snapshots_of(always(*page(SNAPSHOT)))
    assert row == {
        "asked_conv_id": "c", "conv_id": "c", "session_id": "s", "turn_id": "t", "phase": "final", "snapshot_ms": 5,
        "runtime_key": "planner", "inference_id": "i", "damaged": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "excused"),
    [
        ([{"column": "runtime_key", "problem": "no text"}], True),
        ([{"column": "block 0: payload_json", "problem": "no JSON object"}, {"column": "turn_id"}], True),
        ([{"column": "turn_metadata_json", "problem": "no JSON object"}], False),
        (["runtime_key"], False),
        ("runtime_key", False),
    ],
)
def test_damage_excuses_only_the_cells_that_are_compared(damage: object, excused: bool) -> None:
    (row,) = snapshots_of(always(*page({**SNAPSHOT, "damage": damage})))
    assert row["damaged"] is excused


@pytest.mark.parametrize("name", ["conv_id", "session_id", "turn_id", "phase", "runtime_key", "inference_id"])
def test_a_field_that_is_missing_stays_missing(name: str) -> None:
    item = {key: value for key, value in SNAPSHOT.items() if key != name}
    (row,) = snapshots_of(always(*page(item)))
    assert row[name] is None


def test_a_field_of_another_type_is_not_taken_for_its_text() -> None:
    item = {**SNAPSHOT, "runtime_key": 5, "created_at_ms": True}
    (row,) = snapshots_of(always(*page(item)))
    assert (row["runtime_key"], row["snapshot_ms"]) == ("5 (no text)", None)


def test_an_answer_about_another_conversation_ends_the_reading() -> None:
    asked = 0

    def respond(request: Request) -> tuple[int, bytes]:
        nonlocal asked
        asked += 1
        return page({**SNAPSHOT, "conv_id": "other"}, SNAPSHOT, cursor=str(asked))

    rows = snapshots_of(respond)
    assert ([row["conv_id"] for row in rows], asked) == (["other"], 1)


def test_conversations_come_with_their_pointer() -> None:
    item = {"conv_id": "c", "session_id": "s", "current_runtime_key": "r", "source": "merged", "last_activity_ms": 7}
    output = io.BytesIO()
    with (
        answering(always(*page({**item, "stream_running": True}, {"source": "live"}))) as url,
        ApiReader(url) as reader,
    ):
        assert list(reader.write_conversations(output)) == ["c"]
    first, second = (json.loads(line) for line in output.getvalue().splitlines())
    assert first == {**item, "running": True}
    assert (second["conv_id"], second["current_runtime_key"], second["running"]) == (None, None, False)


def test_the_token_goes_into_the_header_and_nowhere_else() -> None:
    seen: list[tuple[str, Mapping[str, str]]] = []

    def respond(request: Request) -> tuple[int, bytes]:
        seen.append((request.headers.get("authorization", ""), request.query))
        return 401, json.dumps({"error": {"code": "unauthorized", "message": "a bearer token is required"}}).encode()

    with pytest.raises(ApiError, match=r"401 .a bearer token is required.. Give its token") as caught:
        snapshots_of(respond, token="s3cret")
    assert [(header, "s3cret" in str(query)) for header, query in seen] == [("Bearer s3cret", False)]
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("respond", "message"),
    [
        (always(404, b"not here"), "answered 404. Is the debug API switched on"),
        (always(500, b'{"error": {"message": "store failed"}}'), r"answered 500 \(store failed\)"),
        (always(301, b""), "answered 301"),
        (always(200, b"<html>"), "no JSON"),
        (always(200, b"[]"), "no list `items`"),
        (always(200, b'{"items": [5]}'), "no list `items`"),
        (always(*page(SNAPSHOT, cursor="again")), "pages never end"),
        (always(200, b'{"items": [], "next_cursor": 5}'), "pages never end"),
    ],
)
def test_an_answer_that_is_none_is_told(respond: Respond, message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        snapshots_of(respond)
    assert caught.value.exit_code == 3
    assert "/api/debug/turns" in str(caught.value)


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_reading, "MAX_ANSWER_BYTES", 10_000)
    with pytest.raises(ApiError, match="more than 10000 bytes"):
        snapshots_of(always(200, b" " * 1_000_000))


def test_an_answer_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_reading, "REQUEST_LIMIT_S", -1.0)
    with pytest.raises(ApiError, match="takes longer"):
        snapshots_of(always(*page(SNAPSHOT)))


def test_a_server_that_is_not_there_is_told() -> None:
    with answering(always(200, b"")) as url:
        pass
    with ApiReader(url) as reader, pytest.raises(ApiError, match=r"no answer .* Check the address"):
        reader.probe()
