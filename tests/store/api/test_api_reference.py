"""docs/api.md: generated below the marker, and every snippet above it runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.api.reference import MARKER, description, render, update
from store.chat.profiles import ProfileNames
from support.services.chat_service import ChatService, chat_service


@pytest.fixture(scope="module")
def document(repository: Path) -> str:
    return (repository / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatService]:
    with chat_service(tmp_path_factory.mktemp("docs")) as running:
        yield running


@pytest.fixture(scope="module")
def names(service: ChatService) -> dict[str, str]:
    """What the snippets call the turn that planner answered."""
    service.manager.submit("switched", "count", names=ProfileNames(body="inventory"))
    service.wait()
    state = service.manager.submit("switched", "plan", names=ProfileNames(body="planner"))
    service.wait()
    return {"conversation": "switched", "session": state.session_id, "turn_id": state.turn_id, "url": service.url}


def snippets(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.partition(MARKER)[0], re.MULTILINE | re.DOTALL)


def test_the_reference_is_that_of_the_description(document: str) -> None:
    by_hand, marker, generated = document.partition(MARKER)
    assert marker
    assert by_hand
    assert marker + generated == render(description()), "run `make docs`: docs/api.md is not as the API is"


def test_updating_leaves_what_was_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "api.md"
    path.write_text(f"# By hand\n\n{MARKER}\nold\n")
    update(path)
    assert path.read_text().startswith(f"# By hand\n\n{MARKER}\n\n## Operations\n")
    path.write_text("no marker")
    with pytest.raises(ValueError, match="wanted the line"):
        update(path)


def test_it_says_what_the_pointer_is(document: str) -> None:
    by_hand, _, generated = document.partition(MARKER)
    assert "latest pointer, never history" in " ".join(by_hand.split())
    assert " ".join(generated.split()).count("latest pointer, never history") >= 6


def test_the_python_snippets_run_and_answer_their_question(
    document: str, service: ChatService, names: dict[str, str]
) -> None:
    found = snippets(document, "python")
    assert len(found) == 4
    shared: dict[str, object] = dict(names)
    outputs = []
    for snippet in found:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(snippet, "docs/api.md", "exec"), shared)
        service.wait()
        outputs.append(output.getvalue())
    assert outputs[0].startswith("planner ")
    assert re.fullmatch(rf"inventory -> planner\nwith {names['turn_id']} at \d+\n", outputs[1])
    assert outputs[2].startswith(names["turn_id"])
    assert re.fullmatch(r"(started|queued) planner\n", outputs[3])


def test_the_curl_snippets_run_and_answer_their_question(
    document: str, service: ChatService, names: dict[str, str]
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    found = snippets(document, "sh")
    assert len(found) == 3
    environment = {
        "PATH": os.environ["PATH"], "no_proxy": "*", "URL": names["url"], "CONVERSATION": names["conversation"],
        "SESSION": names["session"], "TURN": names["turn_id"],
    }  # fmt: skip
    answers = [
        json.loads(subprocess.run(["sh", "-c", line], env=environment, capture_output=True, check=True).stdout)
        for line in found
    ]
    assert answers[0]["runtime_key"] == "planner"
    assert [segment["runtime_key"] for segment in answers[1]["segments"]] == ["inventory", "planner"]
    assert [item["turn_id"] for item in answers[2]["items"]] == [names["turn_id"]]
