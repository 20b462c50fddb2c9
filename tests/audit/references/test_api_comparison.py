"""The debug API beside the file: a server that answers otherwise is found out, an honest one is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from audit.errors import UsageError
from audit.pipeline.settings import AuditSettings
from audit.references import api_comparison
from audit.results.records import AuditResult, Status, Verdict
from support.audits.certified_run import Files, catalogue_of, check_of, make_files
from support.services.answering_server import Request, answering, serving

CHECKS = ("api_answers_complete", "api_answers_known", "api_conversations_as_stored", "api_values_as_stored")
Answer = dict[str, Any]
Audit = Callable[..., AuditResult]
Tamper = Callable[[str, Answer], object]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(files: Files) -> Iterator[str]:
    with serving(files.turns, files.timeline, "--debug-api", "--token", "s3cret") as url:
        yield url


@pytest.fixture(scope="module")
def few_checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of the checks that look at the API and one that does not: the others have their own tests."""
    places = (*(f"integrity/{name}" for name in CHECKS), "backfill/runtime_matches_evidence")
    return catalogue_of(tmp_path_factory.mktemp("checks"), *places)


@pytest.fixture
def audit(few_checks: Path) -> Audit:
    def run(files: Files, url: str, token: str = "s3cret") -> AuditResult:
        return files.audit("", out_dir=None, checks=few_checks, api=url, api_token=token)

    return run


def findings(result: AuditResult) -> dict[str, int]:
    return {name: check_of(result, name).findings for name in CHECKS}


def run_sql(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_an_honest_server_passes_and_everything_was_asked(audit: Audit, files: Files, server: str) -> None:
    result = audit(files, server)
    assert result.verdict is Verdict.PASSED
    assert findings(result) == dict.fromkeys(CHECKS, 0)
    snapshots = check_of(result, "api_answers_complete").scanned
    (api,) = [entry for entry in result.inputs if entry.role == "api"]
    assert (api.path, api.rows) == (server, {"snapshots": snapshots})
    assert snapshots > 120
    assert check_of(result, "api_conversations_as_stored").scanned == 8


def test_small_pages_make_no_difference(
    audit: Audit, files: Files, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.references.api_reading.PAGE_SIZE", 7)
    assert findings(audit(files, server)) == dict.fromkeys(CHECKS, 0)


def test_a_stale_server_is_found_out_turn_by_turn(audit: Audit, files: Files, server: str, tmp_path: Path) -> None:
    newer = files.copy(tmp_path / "newer")
    run_sql(
        newer.turns,
        "UPDATE turns SET inference_id = 'newer' WHERE rowid IN (3, 5)",
        "UPDATE turns SET runtime_key = 'newer' WHERE rowid = 5",
    )
    check = check_of(audit(newer, server), "api_values_as_stored")
    assert check.findings == 3
    assert {(each.column, each.expected) for each in check.sample} == {
        ("inference_id", "newer"),
        ("runtime_key", "newer"),
    }


def test_a_server_over_another_store_is_found_out(audit: Audit, files: Files, server: str, tmp_path: Path) -> None:
    other = files.copy(tmp_path / "other")
    for table in ("turns", "turn_block_membership"):
        run_sql(other.turns, "PRAGMA foreign_keys = OFF", f"UPDATE {table} SET conv_id = 'o-' || conv_id")
    run_sql(other.timeline, "UPDATE timeline_conversations SET conv_id = 'o-' || conv_id")
    result = audit(other, server)
    snapshots = check_of(result, "api_answers_complete").scanned
    found = findings(result)
    assert (found["api_answers_complete"], found["api_answers_known"]) == (snapshots, snapshots)
    assert found["api_conversations_as_stored"] == 16


@pytest.fixture
def tampering(server: str) -> Callable[[Tamper], Any]:
    """A server that forwards to the honest one and changes its answers."""

    def through(tamper: Tamper) -> Any:
        def respond(request: Request) -> tuple[int, bytes]:
            authorization = {"Authorization": request.headers["authorization"]}
            url = server.rstrip("/") + request.path
            answer = httpx.get(url, params=dict(request.query), headers=authorization, trust_env=False)
            document = answer.json()
            tamper(request.path, document)
            return answer.status_code, json.dumps(document).encode()

        return answering(respond)

    return through


def in_turns(change: Callable[[list[Answer]], object]) -> Tamper:
    return lambda path, document: change(document["items"]) if path.endswith("/turns") else None


def in_conversations(change: Callable[[list[Answer]], object]) -> Tamper:
    return lambda path, document: change(document["items"]) if path.endswith("/conversations") else None


def drop(name: str) -> Callable[[list[Answer]], object]:
    return lambda items: [item.pop(name) for item in items]


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (in_turns(drop("runtime_key")), {"api_values_as_stored": 120}),
        (in_turns(drop("inference_id")), {"api_values_as_stored": 120}),
        (in_turns(lambda items: items.append(items[-1]) if items else None), {"api_answers_known": 8}),
        (in_turns(lambda items: items.pop(0) if items else None), {"api_answers_complete": 8}),
        (
            in_conversations(lambda items: items[0].update(current_runtime_key="another")),
            {"api_conversations_as_stored": 1},
        ),
        (in_conversations(drop("current_runtime_key")), {"api_conversations_as_stored": 8}),
        (in_conversations(lambda items: items.pop()), {"api_conversations_as_stored": 1}),
    ],
)
def test_each_fault_of_an_answer_is_named_by_its_check(
    audit: Audit, files: Files, tampering: Callable[[Tamper], Any], tamper: Tamper, found: dict[str, int]
) -> None:
    with tampering(tamper) as url:
        result = audit(files, url)
    assert findings(result) == {**dict.fromkeys(CHECKS, 0), **found}
    assert result.verdict is Verdict.FAILED


def test_what_a_writer_adds_after_the_files_were_read_is_no_finding(
    audit: Audit, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = files.copy(tmp_path / "live")
    run_sql(live.turns, "UPDATE turns SET inference_id = '' WHERE rowid = 2")
    written = threading.Event()
    read = api_comparison.stage_api

    def write_then_read(*arguments: Any) -> Any:
        run_sql(
            live.turns,
            "UPDATE turns SET inference_id = 'late' WHERE rowid = 2",
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms)"
            " SELECT conv_id, session_id, 'late', max(updated_at_ms) + 9, max(updated_at_ms) + 9 FROM turns",
        )
        written.set()
        return read(*arguments)

    monkeypatch.setattr(api_comparison, "stage_api", write_then_read)
    with serving(live.turns, live.timeline, "--debug-api") as url:
        result = audit(live, url)
    assert written.is_set()
    assert findings(result) == dict.fromkeys(CHECKS, 0)


def test_an_api_that_cannot_be_reached_leaves_the_audit_incomplete(audit: Audit, files: Files, server: str) -> None:
    result = audit(files, server, token="wrong")
    assert result.verdict is Verdict.ERRORED
    for name in CHECKS:
        check = check_of(result, name)
        assert check.status is Status.ERRORED
        assert "it answered 401" in check.error
    assert check_of(result, "runtime_matches_evidence").status is Status.PASSED


def test_without_an_api_its_checks_are_skipped_with_the_reason(audit: Audit, files: Files) -> None:
    result = audit(files, "")
    assert {check_of(result, name).status for name in CHECKS} == {Status.SKIPPED}
    assert any("--api" in sentence for sentence in result.not_looked_at)


@pytest.mark.parametrize("url", ["127.0.0.1:8765", "ftp://host", "http://", "http://user:word@host", "http://h/?a=b"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(UsageError, match="wanted an address"):
        AuditSettings(Path("turns.db"), api=url)


def test_a_token_is_not_shown() -> None:
    assert "s3cret" not in repr(AuditSettings(Path("turns.db"), api="http://h", api_token="s3cret"))
