"""What is drafted of pairs that other people's programs wrote, and what is found under it once it is filled in."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from audit.contract.contract_file import read_contract
from audit.contract.errors import ContractSyntaxError
from support.files.drafted_contract import draft_of, filled_in
from support.files.pair_files import compare_files

pytestmark = pytest.mark.samples

_Found = dict[tuple[str, str, str, str], int]


def _try(pairs: Path, folder: Path, before: str, after: str) -> tuple[str, dict[str, Any], _Found]:
    """The draft, as TOML too, and what is found under it where somebody means all of it."""
    pair = pairs / f"{before}.before.db", pairs / f"{after}.after.db"
    draft = draft_of(*pair)
    contract = folder / "contract.toml"
    contract.write_text(draft)
    with pytest.raises(ContractSyntaxError):
        read_contract(contract)
    contract.write_text(filled_in(draft))
    findings, summary = compare_files(*pair, contract=contract)
    assert summary.errors == {}
    found = Counter((each["change"], each["kind"], each["table"], each["column"]) for each in findings)
    return draft, tomllib.loads(draft), dict(found)


def test_django(pairs: Path, tmp_path: Path) -> None:
    draft, document, found = _try(pairs, tmp_path, "django-0001", "django-0002-pointer-guess")

    assert document["rows"] == {"chat_message": {"columns": {"runtime": "meta ->> '$.runtime'"}}}
    assert "# 199 agree, 200 made up, 1 unreadable\n" in draft
    assert "# or \"meta ->> '$.profile.slug'\": known in 61 rows, where 33 of 61 agree\n" in draft
    assert document["changes"]["appended"] == ["django_migrations"]
    assert [each["name"] for each in document["changes"]["redeclared"]] == ["chat_message.body", "chat_message"]
    assert found == {
        ("claim", "made up", "chat_message", "runtime"): 200,
        ("claim", "unreadable", "chat_message", "runtime"): 1,
    }


def test_llm(pairs: Path, tmp_path: Path) -> None:
    draft, document, found = _try(pairs, tmp_path, "llm-0.12", "llm-0.36")

    columns = {
        "input_tokens": "response_json ->> '$.usage.prompt_tokens'",
        "output_tokens": "response_json ->> '$.usage.completion_tokens'",
    }
    assert document["rows"] == {"responses": {"columns": columns}}
    assert "# resolved_model = \"response_json ->> '$.model'\"\n" in draft
    assert document["changes"]["appended"] == ["_llm_migrations"]
    assert found == {("claim", "not filled", "responses", column): 408 for column in columns}


def test_open_webui(pairs: Path, tmp_path: Path) -> None:
    draft, document, found = _try(pairs, tmp_path, "openwebui-374d2f66af06", "openwebui-0.8.5-head")

    claim = document["rows"]["chat_message"]
    assert "o.id || '-' || member.key AS id" in claim["from"]
    assert "before.chat AS o, json_each(o.chat, '$.history.messages') AS member" in claim["from"]
    assert claim["columns"] == {
        "chat_id": "chat_id",
        "user_id": "chat_user_id",
        "role": "member ->> '$.role'",
        "parent_id": "member ->> '$.parentId'",
        "content": "member -> '$.content'",
        "model_id": "member ->> '$.model'",
        "done": "member ->> '$.done'",
        "usage": "member -> '$.usage'",
        "created_at": "member ->> '$.timestamp'",
        "updated_at": "member ->> '$.timestamp'",
    }
    assert "330 members: 316 with a row, 14 without one (missing)" in draft
    with_access_control = ("channel", "file", "knowledge", "model", "note", "prompt", "tool")
    assert found == {
        ("claim", "missing", "chat_message", ""): 14,
        ("claim", "not filled", "chat_message", "usage"): 165,
        ("claim", "contradicts", "chat_message", "created_at"): 16,
        ("claim", "contradicts", "chat_message", "updated_at"): 16,
        ("claim", "made up", "chat_message", "done"): 151,
        ("changed", "cell", "alembic_version", "version_num"): 1,
        **{("lost", "column", table, "access_control"): 1 for table in with_access_control},
    }


def test_langgraph(pairs: Path, tmp_path: Path) -> None:
    _, document, found = _try(pairs, tmp_path, "langgraph-sqlite-1.0.3", "langgraph-sqlite-3.1.2")

    assert document["rows"] == {"writes": {"columns": {"task_path": "''"}}}
    assert document["changes"]["appended"] == ["checkpoints", "writes"]
    assert document["defaults"] == {"writes.task_path": "''"}
    assert found == {}


def test_mlflow(pairs: Path, tmp_path: Path) -> None:
    draft, document, found = _try(pairs, tmp_path, "mlflow-2.3.2", "mlflow-3.17.2")

    assert document["rows"]["model_versions"] == {"key": ["name", "version"], "columns": {"workspace": "'default'"}}
    assert '#   { name = "registered_models", constraint = "unique ( name )", reason = "" },' in draft
    assert found == {
        ("lost", "constraint", "experiments", ""): 1,
        ("lost", "constraint", "registered_models", ""): 1,
        ("changed", "cell", "alembic_version", "version_num"): 1,
        ("new", "row", "workspaces", ""): 1,
    }
